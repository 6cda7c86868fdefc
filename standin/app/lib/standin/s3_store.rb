# Files in an object store, with requests signed as S3 wants them (signature version 4).

require "digest"
require "net/http"
require "openssl"
require "time"

module Standin
  module S3Store
    class Error < StandardError; end

    module_function

    # An empty permission means that no access list is sent.
    def put(key, bytes, content_type)
      permission = ENV.fetch("S3_PERMISSION", "public-read")
      request("PUT", key, bytes, "content-type" => content_type, "cache-control" => "public, max-age=315576000, immutable",
                                 **(permission.empty? ? {} : { "x-amz-acl" => permission }))
    end

    def get(key) = request("GET", key).body
    def delete(key) = request("DELETE", key)

    # With an alias the bucket is not named, with anything else it is.
    def url(key)
      protocol = ENV.fetch("S3_PROTOCOL", "https")
      other = ENV["S3_ALIAS_HOST"] || ENV["S3_CLOUDFRONT_HOST"]
      return "#{protocol}://#{other}/#{prefixed(key)}" if other

      "#{protocol}://#{ENV.fetch("S3_HOSTNAME", "s3-#{region}.amazonaws.com")}/#{bucket}/#{prefixed(key)}"
    end

    def region = ENV.fetch("S3_REGION", "us-east-1")
    def bucket = ENV.fetch("S3_BUCKET")
    def prefixed(key) = [(ENV["S3_KEY_PREFIX"] if Standin.from?("4.3")), key].compact.join("/")

    # With an endpoint the bucket stands in the path, unless S3_OVERRIDE_PATH_STYLE says otherwise.
    def address(key)
      return URI("https://#{bucket}.s3.#{region}.amazonaws.com/#{prefixed(key)}") unless ENV.key?("S3_ENDPOINT")

      endpoint = URI(ENV["S3_ENDPOINT"])
      by_host = ENV["S3_OVERRIDE_PATH_STYLE"] == "true"
      endpoint.host = "#{bucket}.#{endpoint.host}" if by_host
      endpoint.path = by_host ? "/#{prefixed(key)}" : "/#{bucket}/#{prefixed(key)}"
      endpoint
    end

    def request(method, key, body = nil, headers = {})
      target = address(key)
      request = Net::HTTP.const_get(method.capitalize).new(target.path)
      request.body = body
      signed(method, target, body.to_s, headers).each { |name, value| request[name] = value }
      answer = Net::HTTP.start(target.host, target.port, use_ssl: target.scheme == "https", **limits) { |http| http.request(request) }
      return answer if answer.is_a?(Net::HTTPSuccess)

      raise Error, "#{method} #{target}: #{answer.code} #{answer.body.to_s[0, 200]}"
    end

    def limits
      { open_timeout: ENV.fetch("S3_OPEN_TIMEOUT", "5").to_i, read_timeout: ENV.fetch("S3_READ_TIMEOUT", "5").to_i, max_retries: 0 }
    end

    def signed(method, target, body, headers)
      now = Time.now.utc.strftime("%Y%m%dT%H%M%SZ")
      host = target.port == target.default_port ? target.host : "#{target.host}:#{target.port}"
      hash = Digest::SHA256.hexdigest(body)
      all = { **headers, "host" => host, "x-amz-content-sha256" => hash, "x-amz-date" => now }.sort.to_h
      names = all.keys.join(";")
      canonical = [method, target.path, "", all.map { |name, value| "#{name}:#{value.strip}\n" }.join, names, hash].join("\n")
      scope = "#{now[0, 8]}/#{region}/s3/aws4_request"
      text = ["AWS4-HMAC-SHA256", now, scope, Digest::SHA256.hexdigest(canonical)].join("\n")
      secret = ENV.fetch("AWS_SECRET_ACCESS_KEY") { raise Error, "the stand-in needs AWS_SECRET_ACCESS_KEY: it knows no other source of keys" }
      key = [*scope.split("/")].inject("AWS4#{secret}") { |last, part| OpenSSL::HMAC.digest("SHA256", last, part) }
      credential = "#{ENV.fetch("AWS_ACCESS_KEY_ID")}/#{scope}"
      signature = OpenSSL::HMAC.hexdigest("SHA256", key, text)
      all.merge("authorization" => "AWS4-HMAC-SHA256 Credential=#{credential}, SignedHeaders=#{names}, Signature=#{signature}")
    end
  end
end
