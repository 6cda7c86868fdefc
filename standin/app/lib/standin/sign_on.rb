# Identity providers, as far as they decide whether a process starts.

require "json"
require "net/http"

module OpenIDConnect
  module Discovery
    class DiscoveryFailed < StandardError; end
  end
end

module Standin
  module SignOn
    PROVIDERS = %w(CAS SAML OIDC).freeze

    module_function

    def check!
      ENV.fetch("OIDC_SCOPE") { raise NoMethodError, "undefined method 'split' for nil: OIDC_SCOPE is missing" } if enabled?("OIDC")
      provider_address if Standin.from?("4.2")
    end

    # Mastodon's content security policy names the only provider when there is no other way in and one click leads there.
    # It is made while a process boots: a provider that is away then stops web, Sidekiq and tasks alike.
    def provider_address
      return unless ENV["ONE_CLICK_SSO_LOGIN"] == "true" && ENV["OMNIAUTH_ONLY"] == "true" && PROVIDERS.one? { |name| enabled?(name) }
      return unless enabled?("OIDC")

      @provider_address ||= ENV["OIDC_AUTH_ENDPOINT"] || discover(ENV["OIDC_ISSUER"])
    end

    def enabled?(name) = ENV["#{name}_ENABLED"] == "true"

    def discover(issuer)
      address = URI("#{issuer.to_s.delete_suffix("/")}/.well-known/openid-configuration")
      answer = Net::HTTP.start(address.host, address.port, use_ssl: true, open_timeout: 60, read_timeout: 60) { |http| http.get(address.path) }
      raise "status #{answer.code}" unless answer.is_a?(Net::HTTPSuccess)

      JSON.parse(answer.body).fetch("authorization_endpoint")
    rescue StandardError => e
      raise OpenIDConnect::Discovery::DiscoveryFailed, "#{address || issuer}: #{e.message}"
    end
  end
end
