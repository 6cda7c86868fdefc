# The base Redis and the cache, with the limits in time that the real clients have. Sidekiq keeps its own connections.

require "redis-client"
require "standin/redis_settings"

module Standin
  module Redis
    CREATION = Mutex.new

    module_function

    def base = pool("")
    def key(name) = [RedisSettings.namespace, name].compact.join(":")
    def cache = pool("CACHE_")

    def pool(prefix)
      (@pools ||= {})[prefix] || CREATION.synchronize do
        @pools[prefix] ||= client(prefix).new_pool(size: Standin.threads, timeout: 5)
      end
    end

    # The driver asks the sentinels for the master at each new connection, within the same limits.
    def client(prefix)
      options = { **limits(prefix), **RedisSettings.for(prefix) }
      options.key?(:sentinels) ? RedisClient.sentinel(**options) : RedisClient.config(**options)
    end

    # In seconds. Up to 4.5 the base's driver was redis-rb 4, whose limit is 5 s; the cache's first one is Mastodon's own setting.
    # Up to 4.2 Rails' cache store did not try a second time.
    def limits(prefix)
      case prefix
      when "CACHE_" then { connect_timeout: 5, read_timeout: 1, write_timeout: 1, reconnect_attempts: Standin.from?("4.3") ? 1 : 0 }
      when "SIDEKIQ_" then { timeout: 1, reconnect_attempts: 1 }
      else { timeout: Standin.from?("4.6") ? 1 : 5, reconnect_attempts: 1 }
      end
    end

    # Called at boot, so that broken settings end the process and not the first request.
    def check! = ["", "CACHE_", "SIDEKIQ_"].each { |prefix| client(prefix) }
  end
end
