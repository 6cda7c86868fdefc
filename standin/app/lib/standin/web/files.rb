# What lies in public/, uploads among it: served before anything that needs a database, Redis or the cache.

require "rack"
require "standin/web/front"

module Standin
  module Web
    class Files < Layer
      PUBLIC = File.join(ROOT, "public")
      OTHERS = { "cache-control" => "public, max-age=2419200, must-revalidate" }.freeze
      UPLOADS = { "cache-control" => "public, max-age=2419200, immutable",
                  "content-security-policy" => "default-src 'none'; form-action 'none'", "x-content-type-options" => "nosniff" }.freeze

      def initialize(app)
        super
        @files = Rack::Files.new(PUBLIC)
      end

      def call(env)
        path = served(env)
        return @app.call(env) if path.nil?

        status, headers, body = @files.call(env)
        [status, path.start_with?("/system/") ? headers.merge(UPLOADS) : headers.merge(OTHERS), body]
      end

      private

      # Presence counts: `false` serves as well.
      def served(env)
        return if Environment.blank?(ENV["RAILS_SERVE_STATIC_FILES"]) || !%w(GET HEAD).include?(env["REQUEST_METHOD"])

        path = Rack::Utils.clean_path_info(Rack::Utils.unescape_path(env["PATH_INFO"]))
        path if path.valid_encoding? && !path.include?("\0") && File.file?(File.join(PUBLIC, path))
      end
    end
  end
end
