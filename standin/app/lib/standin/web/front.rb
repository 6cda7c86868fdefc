# The layers in front of the application.

require "ipaddr"
require "socket"

module Standin
  module Web
    class Layer
      def initialize(app) = @app = app
    end

    class ServedBy < Layer
      def call(env)
        status, headers, body = @app.call(env)
        [status, headers.merge("x-served-by" => Socket.gethostname), body]
      end
    end

    class RequestLog < Layer
      def call(env)
        started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        @app.call(env).tap do |status, *|
          spent = ((Process.clock_gettime(Process::CLOCK_MONOTONIC) - started) * 1000).round
          Standin.log.info("#{env["REQUEST_METHOD"]} #{env["PATH_INFO"]} #{status} #{spent} ms") unless env["PATH_INFO"] == "/health"
        end
      end
    end

    class HostAuthorization < Layer
      def initialize(app)
        super
        @allowed = Environment.allowed_hosts.map { |host| /\A#{Regexp.escape(host)}(:\d+)?\z/i }
      end

      def call(env)
        forwarded = env["HTTP_X_FORWARDED_HOST"]&.split(/,\s?/)&.last
        hosts = [env["HTTP_HOST"].to_s, *forwarded]
        return @app.call(env) if env["PATH_INFO"] == "/health" || hosts.all? { |host| @allowed.any? { |one| one.match?(host) } }

        [403, { "content-type" => "text/html; charset=UTF-8" }, []]
      end
    end

    class ForceSsl < Layer
      TWO_YEARS = "max-age=63072000; includeSubDomains".freeze

      def call(env)
        request = Rack::Request.new(env)
        if request.ssl?
          status, headers, body = @app.call(env)
          return [status, { "strict-transport-security" => TWO_YEARS, **headers }, body]
        end
        return @app.call(env) if request.path.start_with?("/health") || request.host.to_s.end_with?(".onion", ".i2p")

        status = request.get? || request.head? ? 301 : 308
        host = (env["HTTP_X_FORWARDED_HOST"]&.split(/,\s?/)&.last || env["HTTP_HOST"]).sub(/:\d+\z/, "")
        [status, { "location" => "https://#{host}#{request.fullpath}", "content-type" => "text/html; charset=utf-8" }, []]
      end
    end

    class Failures < Layer
      def call(env)
        @app.call(env)
      rescue StandardError => e
        Standin.log.error("#{env["REQUEST_METHOD"]} #{env["PATH_INFO"]}: #{e.class}: #{e.message.strip}")
        status = e.is_a?(RedisClient::Error) ? 503 : 500
        [status, { "content-type" => "application/json; charset=utf-8" }, [JSON.generate(error: Rack::Utils::HTTP_STATUS_CODES[status])]]
      end
    end

    class SpoofAttack < StandardError; end

    class RemoteIp < Layer
      def initialize(app)
        super
        @trusted = Environment.trusted_proxies
      end

      def call(env)
        peer = address(env["REMOTE_ADDR"])
        forwarded = addresses(env["HTTP_X_FORWARDED_FOR"])
        client = addresses(env["HTTP_CLIENT_IP"])
        if (forwarded.any? || client.any?) && !trusted?(peer) && Standin.from?("4.2.9")
          raise SpoofAttack, "#{peer} forwards a request, but it is not a trusted proxy"
        end
        if client.any? && forwarded.any? && !forwarded.include?(client.last)
          raise SpoofAttack, "Client-Ip #{client.last} is not in X-Forwarded-For"
        end

        chain = [*forwarded, *client, peer].compact
        env["standin.remote_ip"] = (chain.reverse.find { |one| !trusted?(one) } || chain.first).to_s
        @app.call(env)
      end

      private

      def addresses(text) = text.to_s.split(/[,\s]+/).filter_map { |word| address(word) }
      def trusted?(address) = !address.nil? && @trusted.any? { |range| range.family == address.family && range.include?(address) }

      def address(word)
        IPAddr.new(word.to_s).native
      rescue IPAddr::Error
        nil
      end
    end
  end
end
