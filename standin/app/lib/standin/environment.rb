# The rules of the environment that every Ruby process checks while it boots.

require "ipaddr"

module Standin
  module Environment
    ENCRYPTION_KEYS = %w(
      ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY
      ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT
      ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY
    ).freeze
    LOG_LEVELS = %w(debug info warn error fatal unknown).freeze
    PRIVATE_NETWORKS = %w(127.0.0.0/8 ::1 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7).freeze

    module_function

    def check!
      require_rails_env!
      load_file(File.join(ROOT, ".env.production"))
      if Standin.from?("4.4") && ENV.key?("REDIS_NAMESPACE")
        abort "REDIS_NAMESPACE is set; from Mastodon 4.4 that stops every process, even when it is empty"
      end
      ENV.fetch("OTP_SECRET") unless Standin.from?("4.4")
      check_encryption_keys! if Standin.from?("4.3")
      raise ArgumentError, "SECRET_KEY_BASE is missing or blank" if blank?(ENV["SECRET_KEY_BASE"])

      log_level
      trusted_proxies
      ready_file
      Redis.check!
      SignOn.check!
    end

    def require_rails_env!
      abort "RAILS_ENV is not set" if blank?(ENV["RAILS_ENV"])
    end

    # Never overrides what the environment holds already.
    def load_file(path)
      return unless File.readable?(path)

      File.foreach(path, chomp: true) do |line|
        name, value = line.sub(/\Aexport\s+/, "").split("=", 2)
        ENV[name] ||= value.gsub(/\A(["'])(.*)\1\z/, '\2') if value && name.match?(/\A\w+\z/)
      end
    end

    def check_encryption_keys!
      ENCRYPTION_KEYS.each do |name|
        value = ENV[name]
        next unless blank?(value) || value.end_with?("DO_NOT_USE_IN_PRODUCTION")

        abort "#{name} is missing, blank or a published example; no Ruby process starts without it"
      end
    end

    def log_level
      level = ENV.fetch("RAILS_LOG_LEVEL", "info").downcase
      raise ArgumentError, "RAILS_LOG_LEVEL=#{level} is not a log level" unless LOG_LEVELS.include?(level)

      level
    end

    # Setting the variable replaces the default list; a word that is not an address raises.
    def trusted_proxies
      given = ENV["TRUSTED_PROXY_IP"]
      words = blank?(given) ? PRIVATE_NETWORKS : given.strip.split(/[\s,]+/)
      words.map { |word| IPAddr.new(word) }
    end

    def ready_file
      name = ENV["MASTODON_SIDEKIQ_READY_FILENAME"]
      return if name.nil? || !Standin.from?("4.3")
      raise ArgumentError, "MASTODON_SIDEKIQ_READY_FILENAME=#{name} is not a bare file name" if File.basename(name) != name

      File.join(ROOT, "tmp", name)
    end

    def local_domain = ENV.fetch("LOCAL_DOMAIN") { "localhost:#{ENV.fetch("PORT", 3000)}" }
    def web_domain = ENV.fetch("WEB_DOMAIN") { local_domain }
    def streaming_api_base_url = ENV.fetch("STREAMING_API_BASE_URL") { "wss://#{web_domain}" }

    def allowed_hosts
      [local_domain, web_domain, *ENV.fetch("ALTERNATE_DOMAINS", "").split(/\s*,\s*/)].uniq
    end

    def blank?(value) = value.nil? || value.strip.empty?
  end
end
