# The application: a few routes of Mastodon's interface. Each pays for what it costs in the real one.

require "cgi"
require "securerandom"
require "uri"
require "standin/web/answers"
require "standin/web/caching"
require "standin/web/drills"
require "standin/web/sign_up"
require "standin/web/token"

module Standin
  module Web
    class Api
      include Answers
      include Caching
      include Drills
      include SignUp

      LIMIT = 20
      INSTANCE_SECONDS = 60

      def call(env)
        request = Rack::Request.new(env)
        closed(route(request, request.get? || request.head? ? "GET" : request.request_method, request.path))
      rescue Refusal => e
        closed(json({ error: e.message, **e.more }, e.status))
      rescue RecordNotFound
        closed(json({ error: "Record not found" }, 404))
      rescue RecordInvalid => e
        closed(json({ error: e.message }, 422))
      end

      private

      def route(request, method, path)
        case [method, path]
        in ["GET", "/health"] then health
        in ["GET", "/"] then page(request, front)
        in ["GET", "/explore"] then page(request, explore)
        in ["GET", %r{\A/(@|users/)\w+\z}] then profile(request, path[/\w+\z/])
        in ["GET", %r{\A/standin/}] if Cost.drills? then drill(request, path)
        in ["GET", %r{\A/api/v1/streaming}] then to_streaming(request)
        in ["GET", "/api/v2/instance"] then for_all(request, json(instance))
        in ["GET", "/api/v1/accounts/verify_credentials"] then credentials(request)
        in ["GET", "/api/v1/timelines/home"] then home(request)
        in ["GET", "/api/v1/timelines/public"] then for_strangers(request, public_timeline(request))
        in ["POST", "/api/v1/statuses"] then create(request)
        in ["POST", %r{\A/api/v[12]/media\z}] then upload(request, later: path == "/api/v2/media")
        in ["GET", %r{\A/api/v1/media/\d{1,18}\z}] then media(request, path[/\d+\z/].to_i)
        in ["GET" | "DELETE", %r{\A/api/v1/statuses/\d{1,18}\z}] then single(request, method, path[/\d+\z/].to_i)
        in ["POST", "/api/v1/apps"] then register(request)
        in ["POST", "/oauth/token"] then token(request)
        in ["POST", "/api/v1/accounts"] then sign_up(request)
        in ["GET", "/auth/confirmation"] then confirm(request)
        else raise Refusal.new(404, "The stand-in has no #{method} #{path}")
        end
      end

      def health
        Cost.spend(:health)
        [200, { "content-type" => "text/plain; charset=utf-8" }, ["OK"]]
      end

      def front
        Cost.spend(:front)
        html("This is a stand-in for Mastodon #{Standin.version}", "It has Mastodon's outer contract and none of its features.")
      end

      def explore
        Cost.spend(:explore)
        html("Explore", "A stand-in has nothing that is new.")
      end

      # A browser's page, or what another server gets at the same address.
      def profile(request, name)
        account = Account.find_by(username: name, domain: nil)
        Cost.spend(:profile)
        return html("The page you were looking for doesn't exist", "A stand-in's page.", 404) if account.nil?
        return object(request, actor(account)) if request.get_header("HTTP_ACCEPT").to_s.match?(ACTIVITY)

        posts = Status.where(account_id: account.id, deleted_at: nil).count
        page(request, html("@#{account.username}", "#{posts} posts"), if_error: 3600)
      end

      ACTIVITY = %r{application/(activity\+json|ld\+json)}

      def actor(account)
        id = "https://#{Environment.web_domain}/users/#{account.username}"
        shown = { "@context": "https://www.w3.org/ns/activitystreams", id: id, type: "Person", preferredUsername: account.username }
        status, headers, body = json({ **shown, inbox: "#{id}/inbox", outbox: "#{id}/outbox" })
        [status, { **headers, "content-type" => "application/activity+json; charset=utf-8" }, body]
      end

      # The same address at the other host, which is this very host when no other was configured.
      def to_streaming(request)
        host = URI.parse(Environment.streaming_api_base_url).host
        raise Refusal.new(404, "STREAMING_API_BASE_URL names no host") if host.nil?

        [301, { "location" => "https://#{host}#{request.fullpath}", "content-type" => "text/html; charset=utf-8" }, []]
      end

      def instance
        Cost.spend(:instance)
        users = Cache.fetch("instance:active_users", INSTANCE_SECONDS) { User.count }
        {
          domain: Environment.local_domain, title: "Stand-in", version: "#{Standin.version}+standin",
          description: "A stand-in, not Mastodon", usage: { users: { active_month: users } },
          configuration: { urls: { streaming: Environment.streaming_api_base_url }, statuses: { max_characters: 500 } },
          registrations: { enabled: Setting.registrations_mode != "none" }
        }
      end

      def credentials(request)
        owner = Token.account(request, "read", "read:accounts")
        Cost.spend(:account)
        json(Statuses.render_account(owner))
      end

      def home(request)
        owner = Token.account(request, "read", "read:statuses")
        Cost.spend(:home)
        timeline(Statuses.home(owner, limit(request)), Database.replica)
      end

      def public_timeline(request)
        Cost.spend(:public)
        timeline(Statuses.public(limit(request)), Database.plain_reads)
      end

      def timeline(statuses, database) = answer(Statuses.render_all(statuses, database), database)

      def create(request)
        owner = Token.account(request, "write", "write:statuses")
        given = parameters(request)
        Cost.spend(:post)
        status = Statuses.create(owner, text: given["status"].to_s, visibility: given["visibility"], media_ids: Array(given["media_ids"]),
                                        idempotency_key: request.get_header("HTTP_IDEMPOTENCY_KEY"))
        json(Statuses.render(status, owner))
      end

      # 202: Sidekiq has something left to do.
      def upload(request, later:)
        owner = Token.account(request, "write", "write:media")
        file = request.params["file"]
        raise Refusal.new(422, "Validation failed: File can't be blank") unless file.is_a?(Hash)

        Cost.spend(:media)
        made = MediaAttachment.store!(owner, bytes: file[:tempfile].read, content_type: file[:type].to_s, later: later,
                                             description: request.params["description"])
        json(made.render, made.processed? ? 200 : 202)
      end

      def media(request, id)
        owner = Token.account(request, "write", "write:media")
        found = MediaAttachment.find_by!(id: id, account_id: owner.id, status_id: nil)
        json(found.render, found.processed? ? 200 : 206)
      end

      def single(request, method, id)
        owner = Token.account(request, "write", "write:statuses") if method == "DELETE"
        status = Statuses.find(id)
        raise RecordNotFound if status.nil? || (owner && status.account_id != owner.id)

        visible_to(request, status)
        Cost.spend(:status)
        shown = Statuses.render(status)
        Statuses.remove(status) if owner
        answer(shown.merge(owner ? { text: status.text } : {}), Database.primary)
      end

      def visible_to(request, status)
        return if %w(public unlisted).include?(status.visibility)
        raise RecordNotFound unless request.get_header("HTTP_AUTHORIZATION")
        raise RecordNotFound if Token.account(request, "read", "read:statuses", "write", "write:statuses").id != status.account_id
      end

      def limit(request)
        wanted = request.params["limit"].to_i
        wanted.positive? ? [wanted, 40].min : LIMIT
      end
    end
  end
end
