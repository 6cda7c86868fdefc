# Where uploads lie, by Mastodon's variables: a directory of this machine, or an object store that speaks S3.

require "fileutils"
require "standin/s3_store"

module Standin
  module FileStore
    def self.current = ENV["S3_ENABLED"] == "true" ? S3Store : Directory

    module Directory
      module_function

      def root = ENV.fetch("PAPERCLIP_ROOT_PATH") { File.join(ROOT, "public/system") }

      def put(key, bytes, _content_type)
        path = File.join(root, key)
        FileUtils.mkdir_p(File.dirname(path))
        File.binwrite(path, bytes)
        File.chmod(0o644, path)
      end

      def get(key) = File.binread(File.join(root, key))
      def delete(key) = FileUtils.rm_f(File.join(root, key))

      # Beside the other assets, which may lie on a content delivery network.
      def url(key)
        host = Environment.blank?(ENV["CDN_HOST"]) ? "https://#{Environment.web_domain}" : ENV["CDN_HOST"]
        URI.join("#{host}/", "#{ENV.fetch("PAPERCLIP_ROOT_URL", "/system")}/#{key}").to_s
      end
    end
  end
end
