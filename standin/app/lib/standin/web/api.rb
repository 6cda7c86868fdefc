# The application: a few routes of Mastodon's interface.

require "json"
require "uri"

module Standin
  module Web
    class Refusal < StandardError
      attr_reader :status

      def initialize(status, message)
        super(message)
        @status = status
      end
    end

    class Api
      LIMIT = 20
      INSTANCE_SECONDS = 60

      OWNER = <<~SQL.freeze
        SELECT tokens.scopes, tokens.expires_in, tokens.created_at, users.account_id, users.confirmed_at, users.approved, users.disabled
        FROM oauth_access_tokens AS tokens LEFT JOIN users ON users.id = tokens.resource_owner_id
        WHERE tokens.token = $1 AND tokens.revoked_at IS NULL
      SQL

      def call(env)
        request = Rack::Request.new(env)
        route(request, request.get? || request.head? ? "GET" : request.request_method, request.path)
      rescue Refusal => e
        json({ error: e.message }, e.status)
      rescue RecordNotFound
        json({ error: "Record not found" }, 404)
      rescue RecordInvalid => e
        json({ error: e.message }, 422)
      end

      private

      def route(request, method, path)
        case [method, path]
        in ["GET", "/health"] then [200, { "content-type" => "text/plain; charset=utf-8" }, ["OK"]]
        in ["GET", "/"] then page
        in ["GET", %r{\A/api/v1/streaming}] then to_streaming(request)
        in ["GET", "/api/v2/instance"] then json(instance)
        in ["GET", "/api/v1/accounts/verify_credentials"] then json(Statuses.render_account(account(request, "read", "read:accounts")))
        in ["GET", "/api/v1/timelines/home"] then home(request)
        in ["GET", "/api/v1/timelines/public"] then timeline(Statuses.public(limit(request)), Database.plain_reads)
        in ["POST", "/api/v1/statuses"] then create(request)
        in ["GET" | "DELETE", %r{\A/api/v1/statuses/\d{1,18}\z}] then single(request, method, path[/\d+\z/].to_i)
        else raise Refusal.new(404, "The stand-in has no #{method} #{path}")
        end
      end

      def page
        body = "<!DOCTYPE html>\n<html lang=\"en\"><title>Stand-in</title><h1>This is a stand-in for Mastodon #{Standin.version}</h1>\n" \
               "<p>It has Mastodon's outer contract and none of its features.</p></html>\n"
        policy = "default-src 'none'; connect-src 'self' #{Environment.streaming_api_base_url}"
        [200, { "content-type" => "text/html; charset=utf-8", "content-security-policy" => policy }, [body]]
      end

      # The same address at the other host, which is this very host when no other was configured.
      def to_streaming(request)
        host = URI.parse(Environment.streaming_api_base_url).host
        raise Refusal.new(404, "STREAMING_API_BASE_URL names no host") if host.nil?

        [301, { "location" => "https://#{host}#{request.fullpath}", "content-type" => "text/html; charset=utf-8" }, []]
      end

      def instance
        users = Cache.fetch("instance:active_users", INSTANCE_SECONDS) { User.count }
        {
          domain: Environment.local_domain, title: "Stand-in", version: "#{Standin.version}+standin",
          description: "A stand-in, not Mastodon", usage: { users: { active_month: users } },
          configuration: { urls: { streaming: Environment.streaming_api_base_url }, statuses: { max_characters: 500 } },
          registrations: { enabled: false }
        }
      end

      def home(request)
        owner = account(request, "read", "read:statuses")
        timeline(Statuses.home(owner, limit(request)), Database.replica)
      end

      def timeline(statuses, database)
        answer(statuses.map { |status| Statuses.render(status) }, database)
      end

      def create(request)
        owner = account(request, "write", "write:statuses")
        given = parameters(request)
        status = Statuses.create(owner, text: given["status"].to_s, visibility: given["visibility"],
                                        idempotency_key: request.get_header("HTTP_IDEMPOTENCY_KEY"))
        json(Statuses.render(status, owner))
      end

      def single(request, method, id)
        owner = account(request, "write", "write:statuses") if method == "DELETE"
        status = Statuses.find(id)
        raise RecordNotFound if status.nil? || (owner && status.account_id != owner.id)

        visible_to(request, status)
        Statuses.remove(status) if owner
        answer(Statuses.render(status).merge(owner ? { text: status.text } : {}), Database.primary)
      end

      def visible_to(request, status)
        return if %w(public unlisted).include?(status.visibility)
        raise RecordNotFound unless request.get_header("HTTP_AUTHORIZATION")
        raise RecordNotFound if account(request, "read", "read:statuses", "write", "write:statuses").id != status.account_id
      end

      def account(request, *scopes)
        token = request.get_header("HTTP_AUTHORIZATION").to_s[/\ABearer (.+)\z/i, 1] || request.params["access_token"]
        row = token && Database.primary.one(OWNER, [token])
        raise Refusal.new(401, "The access token is invalid") if row.nil? || expired?(row)
        raise Refusal.new(403, "This action is outside the authorized scopes") if (row["scopes"].to_s.split & scopes).empty?
        raise Refusal.new(422, "This method requires an authenticated user") if row["account_id"].nil?

        check_standing(row)
        Account.find(row["account_id"])
      end

      def check_standing(row)
        raise Refusal.new(403, "Your login is missing a confirmed e-mail address") if row["confirmed_at"].nil?
        raise Refusal.new(403, "Your login is currently pending approval") unless row["approved"]
        raise Refusal.new(403, "Your login is currently disabled") if row["disabled"]
      end

      def expired?(row) = !row["expires_in"].nil? && row["created_at"] + row["expires_in"] < Time.now

      def parameters(request)
        return request.params unless request.media_type == "application/json"

        given = JSON.parse(request.body.read)
        given.is_a?(Hash) ? given : {}
      rescue JSON::ParserError
        raise Refusal.new(400, "The body is not JSON")
      end

      def limit(request)
        wanted = request.params["limit"].to_i
        wanted.positive? ? [wanted, 40].min : LIMIT
      end

      # Where a timeline was read: what was configured, and what answered behind it.
      def answer(value, database)
        server = database.one("SELECT host(inet_server_addr()) AS address, pg_is_in_recovery() AS standby")
        said = { "x-standin-read-from" => database.settings.host.to_s,
                 "x-standin-read-server" => "#{server["address"]} #{server["standby"] ? "standby" : "primary"}" }
        json(value, 200, said)
      end

      def json(value, status = 200, headers = {})
        [status, { "content-type" => "application/json; charset=utf-8", **headers }, [JSON.generate(value)]]
      end
    end
  end
end
