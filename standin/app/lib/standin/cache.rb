# Rails' cache store on Redis: one call after the other, and a cache that is away counts as an empty one, after its limits in time.

require "json"
require "standin/redis"

module Standin
  module Cache
    SECONDS = 600

    module_function

    def name(key) = [RedisSettings.namespace, "cache"].compact.join("_") + ":#{key}"
    def read(key) = quietly { Redis.cache.call("GET", name(key)) }
    def write(key, text, seconds = SECONDS) = quietly { Redis.cache.call("SET", name(key), text, "EX", seconds) }

    def fetch(key, seconds = SECONDS)
      stored = read(key)
      return JSON.parse(stored) if stored

      yield.tap { |value| write(key, JSON.generate(value), seconds) }
    end

    # The new count, or nothing when the cache is away.
    def increment(key, seconds)
      quietly do
        Redis.cache.pipelined do |pipeline|
          pipeline.call("INCRBY", name(key), 1)
          pipeline.call("EXPIRE", name(key), seconds, "NX")
        end.first
      end
    end

    def quietly
      yield
    rescue RedisClient::Error, ConnectionPool::TimeoutError => e
      Standin.log.warn("cache: #{e.message}")
      nil
    end
  end
end
