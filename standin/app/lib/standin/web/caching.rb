# Which answers may be kept by whom: `Cache-Control` and `Vary` as Mastodon 4.2 to 4.7 send them, and those of 4.1.

module Standin
  module Web
    module Caching
      PRIVATE = "private, no-store".freeze
      PAGE = "Accept, Accept-Language, Cookie".freeze
      # What must not be part of a key: a request with such a header gets an answer for itself alone.
      OWN = { "cookie" => "HTTP_COOKIE", "authorization" => "HTTP_AUTHORIZATION", "signature" => "HTTP_SIGNATURE" }.freeze

      private

      def page(request, answer, if_error: 86_400)
        return old_page(request, answer) unless Standin.from?("4.2")

        kept(request, answer, 15, vary: PAGE, more: "stale-while-revalidate=30, stale-if-error=#{if_error}")
      end

      def object(request, answer) = kept(request, answer, 180, vary: Standin.from?("4.2") ? "#{PAGE}, Origin" : "Accept, Origin")

      # The same for everybody, signed in or not.
      def for_all(request, answer)
        return kept(request, answer, 180, vary: "Origin") unless Standin.from?("4.2")

        kept(request, answer, 300, vary: "Origin", more: "stale-while-revalidate=30, stale-if-error=86400")
      end

      def for_strangers(request, answer)
        return answer unless Standin.from?("4.2")

        kept(request, answer, 15, vary: "Authorization, Origin", more: "stale-while-revalidate=30, stale-if-error=86400")
      end

      def kept(request, answer, seconds, vary:, more: nil)
        status, headers, body = answer
        own = Standin.from?("4.2") && vary.downcase.split(", ").any? { |name| OWN.key?(name) && request.env[OWN[name]] }
        control = own || status != 200 ? PRIVATE : ["max-age=#{seconds}", "public", more].compact.join(", ")
        [status, { "cache-control" => control, "vary" => vary, **headers }, body]
      end

      # 4.1 begins a session for every visitor.
      def old_page(request, answer)
        session = request.cookies["_mastodon_session"] || SecureRandom.hex(16)
        status, headers, body = kept(request, answer, 0, vary: "Accept")
        [status, { "set-cookie" => "_mastodon_session=#{session}; path=/; secure; HttpOnly; SameSite=Lax", **headers }, body]
      end

      def closed(answer)
        status, headers, body = answer
        [status, { "cache-control" => PRIVATE, **headers }, body]
      end
    end
  end
end
