# The base Redis and the cache. Sidekiq keeps its own connections, made from the same settings.

require "json"
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
        @pools[prefix] ||= client(RedisSettings.for(prefix)).new_pool(size: Standin.threads, timeout: 5)
      end
    end

    def client(settings)
      options = { reconnect_attempts: 1, **settings }
      options.key?(:sentinels) ? RedisClient.sentinel(**options) : RedisClient.config(**options)
    end

    # Called at boot, so that broken settings end the process and not the first request.
    def check! = ["", "CACHE_", "SIDEKIQ_"].each { |prefix| client(RedisSettings.for(prefix)) }
  end

  # A cache that is away counts as an empty one.
  module Cache
    module_function

    def fetch(key, seconds)
      name = [RedisSettings.namespace, "cache"].compact.join("_") + ":#{key}"
      stored = quietly { Redis.cache.call("GET", name) }
      return JSON.parse(stored) if stored

      yield.tap { |value| quietly { Redis.cache.call("SET", name, JSON.generate(value), "EX", seconds) } }
    end

    def quietly
      yield
    rescue RedisClient::Error, ConnectionPool::TimeoutError => e
      Standin.log.warn("cache: #{e.message}")
      nil
    end
  end
end
