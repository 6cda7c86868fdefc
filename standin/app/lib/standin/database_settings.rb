# How Ruby reads the variables of the database: as a YAML file with ERB would.

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
      merge(from_parts { |name, default| ENV["DB_#{name}"] || default }, ENV["DATABASE_URL"], prepared?)
    end

    # Each part falls back to its own DB_ variable, never to a part of DATABASE_URL.
    def replica
      parts = from_parts { |name, default| ENV["REPLICA_DB_#{name}"] || ENV["DB_#{name}"] || default }
      words = ENV["REPLICA_PREPARED_STATEMENTS"] || ENV["PREPARED_STATEMENTS"]
      merge(parts, ENV["REPLICA_DATABASE_URL"], prepared?(words))
    end

    # Presence counts: an empty name switches the replica on as well.
    def replica?
      ENV.key?("REPLICA_DB_NAME") || ENV.key?("REPLICA_DB_HOST") || ENV.key?("REPLICA_DATABASE_URL")
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
