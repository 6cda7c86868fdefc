# How Ruby reads the variables of Redis, for each of its three uses: `RedisSettings.for("CACHE_")`. Nothing is inherited between prefixes.

require "uri"

module Standin
  module RedisSettings
    module_function

    def for(prefix)
      read = ->(name) { ENV["#{prefix}REDIS_#{name}"] }
      # Even an empty address is used as it is.
      return from_url(read["URL"]) if read["URL"]
      return from_sentinels(read) if present?(read["SENTINELS"]) && present?(read["SENTINEL_MASTER"])

      host = read["HOST"] || ("localhost" if prefix == "")
      # The base falls back to itself: REDIS_HOST= ends in a SystemStackError, as it does in the real one.
      return self.for("") unless present?(host)

      { host: host, port: (read["PORT"] || 6379).to_i, **credentials(read) }
    end

    def from_url(url)
      # Whether newer drivers could do without it is disputed, so the stand-in insists.
      raise ArgumentError, "rediss:// needs REDIS_DRIVER=ruby" if url.start_with?("rediss://") && ENV["REDIS_DRIVER"] != "ruby"
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
