# How Ruby reads the variables of the database: as a YAML file with ERB would.

require "erb"
require "uri"
require "yaml"

module Standin
  module DatabaseSettings
    module_function

    CONNECT_SECONDS = 15

    Settings = Struct.new(:connection, :pool, :prepared, keyword_init: true) do
      def host = connection[:host] || "localhost"
      def dbname = connection[:dbname]
    end

    def primary
      return makara("master") if makara?

      merge(from_parts { |name, default| ENV["DB_#{name}"] || default }, ENV["DATABASE_URL"], prepared?)
    end

    # Each part falls back to its own DB_ variable, never to a part of DATABASE_URL.
    def replica
      return makara("slave") if makara?

      parts = from_parts { |name, default| ENV["REPLICA_DB_#{name}"] || ENV["DB_#{name}"] || default }
      words = ENV["REPLICA_PREPARED_STATEMENTS"] || ENV["PREPARED_STATEMENTS"]
      merge(parts, ENV["REPLICA_DATABASE_URL"], prepared?(words))
    end

    # Presence counts: an empty name switches the replica on as well. Up to 4.5 a host alone does nothing, up to 4.1 no variable does.
    def replica?
      return makara? unless Standin.from?("4.2")

      ENV.key?("REPLICA_DB_NAME") || ENV.key?("REPLICA_DATABASE_URL") || (Standin.from?("4.6") && ENV.key?("REPLICA_DB_HOST"))
    end

    # Up to 4.1 another file may stand in the place of the image's own.
    def makara?
      return @makara unless @makara.nil?

      @makara = file["adapter"] == "postgresql_makara"
      raise LoadError, "config/database.yml asks for Makara, which Mastodon has up to 4.1" if @makara && Standin.from?("4.2")

      @makara
    end

    def file
      @file ||= YAML.safe_load(ERB.new(File.read(File.join(ROOT, "config/database.yml"))).result).fetch("production")
    end

    # The first connection of that role; what it does not say stands above it.
    def makara(role)
      all = file.fetch("makara").fetch("connections")
      said = file.merge(all.find { |connection| connection["role"] == role } || raise(KeyError, "Makara has no #{role}"))
      connection = { host: said["host"], port: said["port"], dbname: said["database"], user: said["username"],
                     password: said["password"], sslmode: said["sslmode"], connect_timeout: CONNECT_SECONDS }
      Settings.new(connection: connection.compact, pool: said.fetch("pool", 5).to_i, prepared: said["prepared_statements"] != false)
    end

    def from_parts
      {
        host: yaml(yield("HOST", "localhost")),
        port: yaml(yield("PORT", 5432)),
        dbname: yaml(yield("NAME", "mastodon_production")),
        user: yaml(yield("USER", "mastodon")),
        password: yield("PASS", ""),
        sslmode: ENV["DB_SSLMODE"] || "prefer",
        connect_timeout: CONNECT_SECONDS,
      }
    end

    # An address wins over the parts, but what it does not say keeps its value.
    def merge(parts, url, prepared)
      extra = {}
      unless Environment.blank?(url)
        uri = URI.parse(url)
        said = { host: uri.host, port: uri.port, dbname: uri.path.to_s.delete_prefix("/"), user: uri.user, password: uri.password }
        said = said.transform_values { |value| value && URI.decode_uri_component(value.to_s) }
        extra = URI.decode_www_form(uri.query.to_s).to_h.transform_keys(&:to_sym)
        parts = parts.merge(said.reject { |_, value| value.nil? || value.empty? })
        prepared = extra[:prepared_statements] != "false" if extra.key?(:prepared_statements)
        parts = parts.merge(extra.except(:pool, :prepared_statements, :reaping_frequency, :checkout_timeout))
      end
      pool = (extra[:pool] || ENV["DB_POOL"] || Standin.threads).to_i
      Settings.new(connection: parts.reject { |_, value| value.nil? || value.to_s.empty? }, pool: pool, prepared: prepared)
    end

    def prepared?(words = ENV["PREPARED_STATEMENTS"])
      ENV["QUERY_LOG_TAGS_ENABLED"] != "true" && yaml(words || "true") != false
    end

    # Unquoted in the real one's file: a user called 0777 becomes 511, an empty name becomes none.
    def yaml(value) = YAML.safe_load(value.to_s)
  end
end
