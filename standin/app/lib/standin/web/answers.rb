# How answers are put together, and parameters read.

require "json"

module Standin
  module Web
    module Answers
      private

      def parameters(request)
        return request.params unless request.media_type == "application/json"

        given = JSON.parse(request.body.read)
        given.is_a?(Hash) ? given : {}
      rescue JSON::ParserError
        raise Refusal.new(400, "The body is not JSON")
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

      def html(title, text, status = 200)
        # As in every page of Mastodon, a script whose name changes with the release.
        head = "<title>#{CGI.escapeHTML(title)}</title><script src=\"/packs/application-#{Standin.version}.js\"></script>"
        body = "<!DOCTYPE html>\n<html lang=\"en\">#{head}<h1>#{CGI.escapeHTML(title)}</h1>\n<p>#{text}</p></html>\n"
        policy = "default-src 'none'; script-src 'self'; connect-src 'self' #{Environment.streaming_api_base_url}; " \
                 "form-action #{["'self'", SignOn.provider_address].compact.join(" ")}"
        [status, { "content-type" => "text/html; charset=utf-8", "content-security-policy" => policy }, [body]]
      end
    end
  end
end
