# How Ruby reads the variables of Redis, for each of its three uses: `RedisSettings.for("CACHE_")`. Nothing is inherited between prefixes.

require "uri"

module Standin
  module RedisSettings
    module_function

    def for(prefix)
      read = ->(name) { ENV["#{prefix}REDIS_#{name}"] }
      return before_4_3(prefix, read) unless Standin.from?("4.3")

      # Even an empty address is used as it is.
      return from_url(read["URL"]) if read["URL"]
      return from_sentinels(read) if present?(read["SENTINELS"]) && present?(read["SENTINEL_MASTER"])

      host = read["HOST"] || ("localhost" if prefix == "")
      # The base falls back to itself: REDIS_HOST= ends in a SystemStackError, as it does in the real one.
      return self.for("") unless present?(host)

      { host: host, port: (read["PORT"] || 6379).to_i, **credentials(read) }
    end

    # An empty address counts as none, nobody knows sentinels or users, and a part without a host makes an address without one.
    def before_4_3(prefix, read)
      return from_url(read["URL"]) if present?(read["URL"])

      parts = %w(HOST PORT PASSWORD DB).map { |name| read[name] }
      return self.for("") if prefix != "" && parts.all?(&:nil?)

      host = read["HOST"] || ("localhost" if prefix == "")
      raise ArgumentError, "#{prefix}REDIS_HOST is missing, and other parts with #{prefix} are there: redis://:#{read["PORT"]}/" unless present?(host)

      { host: host, port: (read["PORT"] || 6379).to_i, **credentials(->(name) { read[name] unless name == "USER" }) }
    end

    # Before 4.4 it stands before every key; the cache has an ending of its own.
    def namespace = Standin.from?("4.4") ? nil : ENV["REDIS_NAMESPACE"]

    def from_url(url)
      # Whether newer drivers could do without it is disputed, so the stand-in insists. Before 4.3 there is no other driver.
      ruby = Standin.from?("4.3") && ENV["REDIS_DRIVER"] == "ruby"
      raise ArgumentError, "rediss:// needs REDIS_DRIVER=ruby, from 4.3 on" if url.start_with?("rediss://") && !ruby
      raise ArgumentError, "a variable ends in REDIS_URL and is not an address: #{url.inspect}" unless url.match?(%r{\A(rediss?|unix)://})

      { url: url }
    end

    def from_sentinels(read)
      default_port = read["SENTINEL_PORT"] || 26_379
      # Not trimmed: a space after a comma belongs to the host name.
      sentinels = read["SENTINELS"].split(",").map do |one|
        host, port = one.split(":", 2)
        { host: host, port: (port || default_port).to_i }
      end
      given = credentials(read)
      own = { sentinel_username: read["SENTINEL_USERNAME"] || given[:username],
              sentinel_password: read["SENTINEL_PASSWORD"] || given[:password] }
      { name: read["SENTINEL_MASTER"], sentinels: sentinels, role: :master, **given, **own.select { |_, value| present?(value) } }
    end

    # An escape such as %41 in a password is taken for what it stands for.
    def credentials(read)
      decoded = read["PASSWORD"]&.gsub(/%\h\h/) { |escape| URI.decode_uri_component(escape) }
      { username: read["USER"], password: decoded, db: read["DB"]&.to_i }.select { |_, value| present?(value) }
    end

    def present?(value) = !Environment.blank?(value&.to_s)
  end
end
