# Whether an address can be one: `MailAddress.problems(email)`. Mastodon asks DNS whenever an address changes, in every process of
# production, also in `tootctl accounts create`; only saving without validation goes around it.

require "resolv"

module Standin
  module MailAddress
    SECONDS = 5
    ADDRESSES = [Resolv::DNS::Resource::IN::A, Resolv::DNS::Resource::IN::AAAA].freeze

    module_function

    def well_formed?(email) = email.to_s.match?(/\A[^@\s]+@[^@\s]+\z/)

    # A confirmed user's address is not held against the lists.
    def problems(email, confirmed: false, dns: true)
      domain = email.split("@", 2).last.downcase
      found = []
      found << :blocked if listed_out?(email) && (!confirmed || ENV["EMAIL_DOMAIN_LISTS_APPLY_AFTER_CONFIRMATION"] == "true")
      if dns
        found << :invalid if domain.include?("..")
        # The whole list is searched for the domain, as a text. What stands in it needs no DNS.
        found << :unreachable if !domain.include?("..") && !allowed.include?(domain) && addresses(domain).empty?
      end
      found
    end

    def allowed = ENV["EMAIL_DOMAIN_ALLOWLIST"] || ENV.fetch("EMAIL_DOMAIN_WHITELIST", "")
    def denied = ENV["EMAIL_DOMAIN_DENYLIST"] || ENV.fetch("EMAIL_DOMAIN_BLACKLIST", "")

    def listed_out?(email)
      in_list = ->(list, ending) { email.match?(/@(.+\.)?(#{list.gsub(".", '\.')})#{ending}/i) }
      (!Environment.blank?(denied) && in_list.call(denied, "")) || (!Environment.blank?(allowed) && !in_list.call(allowed, "$"))
    end

    def servers(domain) = Resolv::DNS.open { |dns| mail_servers(dns, domain) }

    def mail_servers(dns, domain)
      dns.timeouts = SECONDS
      dns.getresources(domain, Resolv::DNS::Resource::IN::MX).map { |mx| mx.exchange.to_s }
    end

    # Of the mail servers and of the domain itself. A single mail server without a name says that the domain takes no mail.
    def addresses(domain)
      Resolv::DNS.open do |dns|
        servers = mail_servers(dns, domain)
        next [] if servers == [""]

        [domain, *servers].uniq.product(ADDRESSES).flat_map { |name, type| dns.getresources(name, type).map { |one| one.address.to_s } }
      end
    end
  end
end
