# Who is let in, and how often: blocked addresses and limits of requests, both counted in the cache. Whatever comes from this very
# machine passes, so that its health check needs neither cache nor database.

require "ipaddr"
require "standin/web/front"
require "standin/web/token"

module Standin
  module Web
    class Attack < Layer
      NO_ACCESS = 9999
      MINUTES = 60
      LOCAL = %w(127.0.0.1 ::1).freeze

      # What is counted, how many are let through and in how many seconds, and by whom.
      Limit = Struct.new(:name, :most, :seconds, :who, keyword_init: true)
      LIMITS = [
        Limit.new(name: "throttle_authenticated_api", most: 1500, seconds: 5 * MINUTES, who: ->(request) { request.user_id if request.api? }),
        Limit.new(name: "throttle_per_token_api", most: 300, seconds: 5 * MINUTES, who: ->(request) { request.token_id if request.api? }),
        Limit.new(name: "throttle_unauthenticated_api", most: 300, seconds: 5 * MINUTES,
                  who: ->(request) { request.address if request.api? && request.user_id.nil? }),
        Limit.new(name: "throttle_api_media", most: 30, seconds: 30 * MINUTES,
                  who: ->(request) { request.user_id if request.post? && request.path.match?(%r{\A/api/v\d+/media\z}) }),
        Limit.new(name: "throttle_api_sign_up", most: 5, seconds: 30 * MINUTES,
                  who: ->(request) { request.address if request.post? && request.path == "/api/v1/accounts" }),
        Limit.new(name: "throttle_api_delete", most: 30, seconds: 30 * MINUTES,
                  who: ->(request) { request.user_id if request.delete? && request.path.match?(%r{\A/api/v1/statuses/\d+\z}) }),
      ].freeze

      Asked = Struct.new(:request) do
        def path = request.path
        def post? = request.post?
        def delete? = request.delete?
        def api? = path.start_with?("/api")
        def token = Token.of(request)
        def token_id = token&.fetch("id")
        def user_id = token&.fetch("resource_owner_id")

        # One home has a whole network of the newer kind.
        def address
          ip = IPAddr.new(request.env["standin.remote_ip"])
          (ip.ipv6? ? ip.mask(64) : ip).to_s
        end
      end

      def call(env)
        return @app.call(env) if LOCAL.include?(env["standin.remote_ip"])
        return [403, { "content-type" => "text/plain" }, ["Forbidden"]] if blocked?(env)

        asked = Asked.new(Rack::Request.new(env))
        over = LIMITS.find { |limit| over?(limit, asked) }
        over ? refused(over) : @app.call(env)
      end

      private

      # Why even /health can fail: the list comes from the cache or, when that is cold or away, from the database.
      def blocked?(env)
        blocked = Cache.fetch("blocked_ips") do
          Database.primary.query("SELECT ip::text AS ip FROM ip_blocks WHERE severity = $1", [NO_ACCESS]).map { |row| row["ip"] }
        end
        remote = IPAddr.new(env["standin.remote_ip"]) unless blocked.empty?
        blocked.any? { |one| IPAddr.new(one).include?(remote) }
      end

      # A cache that is away limits nobody.
      def over?(limit, asked)
        who = limit.who.call(asked) or return false
        period = Time.now.to_i / limit.seconds
        (Cache.increment("rack::attack:#{period}:#{limit.name}:#{who}", limit.seconds + 1) || 0) > limit.most
      end

      def refused(limit)
        left = limit.seconds - Time.now.to_i % limit.seconds
        headers = { "content-type" => "application/json", "x-ratelimit-limit" => limit.most.to_s, "x-ratelimit-remaining" => "0",
                    "x-ratelimit-reset" => (Time.now.utc + left).iso8601(6) }
        [429, headers, [JSON.generate(error: "Too many requests")]]
      end
    end
  end
end
