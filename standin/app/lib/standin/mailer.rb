# Mails, sent by Sidekiq with Mastodon's variables.

require "net/smtp"
require "securerandom"
require "time"

module Standin
  module Mailer
    module_function

    def confirmation_instructions(user)
      link = "https://#{Environment.web_domain}/auth/confirmation?confirmation_token=#{user.confirmation_token}"
      deliver(user.unconfirmed_email || user.email, "Mastodon: Confirmation instructions for #{Environment.local_domain}", <<~TEXT)
        You have created an account on #{Environment.local_domain} with this email address.

        Verify email address: #{link}

        This is a stand-in, not Mastodon.
      TEXT
    end

    def deliver(to, subject, text)
      method = ENV.fetch("SMTP_DELIVERY_METHOD", "smtp")
      return Standin.log.info("a mail to #{to} is thrown away: SMTP_DELIVERY_METHOD=test") if method == "test"
      raise ArgumentError, "Invalid delivery method #{method.inspect}: the stand-in knows smtp and test" unless method == "smtp"

      from = ENV.fetch("SMTP_FROM_ADDRESS", "notifications@localhost")
      smtp.start(helo: ENV["SMTP_DOMAIN"] || ENV["LOCAL_DOMAIN"] || "localhost", **login) do |server|
        server.send_message(message(from, to, subject, text), ENV["SMTP_RETURN_PATH"] || address(from), to)
      end
    end

    # Without a method none is asked for; with one, and nobody to log in, net-smtp says "SMTP-AUTH requested but missing user name".
    def login
      method = ENV.fetch("SMTP_AUTH_METHOD", "plain")
      { user: said("SMTP_LOGIN"), secret: said("SMTP_PASSWORD"), authtype: method == "none" ? nil : method.to_sym }
    end

    def smtp
      server = Net::SMTP.new(said("SMTP_SERVER") || "localhost", (said("SMTP_PORT") || 25).to_i)
      server.read_timeout = 20
      tls = %w(SMTP_TLS SMTP_SSL).any? { |name| ENV[name] == "true" }
      # Up to 4.4 also when nobody asked for STARTTLS.
      both = tls && (%w(always auto).include?(ENV["SMTP_ENABLE_STARTTLS"]) || (starttls == :auto && !Standin.from?("4.5")))
      raise ArgumentError, ":enable_starttls and :tls are mutually exclusive" if both

      if tls then server.enable_tls(tls_context)
      else
        case starttls
        when :always then server.enable_starttls(tls_context)
        when :auto then server.enable_starttls_auto(tls_context)
        else server.disable_starttls
        end
      end
      server
    end

    def starttls
      case ENV["SMTP_ENABLE_STARTTLS"]
      when "always" then :always
      when "never" then :never
      when "auto" then :auto
      else ENV["SMTP_ENABLE_STARTTLS_AUTO"] == "false" ? :never : :auto
      end
    end

    def tls_context
      OpenSSL::SSL::SSLContext.new.tap do |context|
        context.ca_file = said("SMTP_CA_FILE") || "/etc/ssl/certs/ca-certificates.crt"
        mode = said("SMTP_OPENSSL_VERIFY_MODE") || "peer"
        context.verify_mode = OpenSSL::SSL.const_get("VERIFY_#{mode.upcase}")
      end
    end

    def said(name) = Environment.blank?(ENV[name]) ? nil : ENV[name]
    def address(words) = words[/<(.+)>/, 1] || words

    def message(from, to, subject, text)
      id = "<#{SecureRandom.hex(12)}@#{address(from).split("@").last}>"
      headers = { "Date" => Time.now.rfc2822, "From" => from, "Reply-To" => said("SMTP_REPLY_TO"), "To" => to, "Message-ID" => id,
                  "Subject" => subject, "MIME-Version" => "1.0", "Content-Type" => "text/plain; charset=UTF-8" }
      [*headers.compact.map { |name, value| "#{name}: #{value}" }, "", text].join("\n").gsub(/\r?\n/, "\r\n")
    end
  end
end
