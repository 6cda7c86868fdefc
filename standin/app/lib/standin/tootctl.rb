# `tootctl …`: the few commands that make a usable account.

require "optparse"
require "securerandom"
require_relative "../standin"

module Standin
  module Tootctl
    module_function

    def run(arguments)
      case arguments
      in ["version" | "--version" | "-v", *] then puts Standin.version
      in ["accounts", "create", name, *rest] then boot { create(name, options(rest)) }
      in ["accounts", "modify", name, *rest] then boot { modify(name, options(rest)) }
      in ["accounts", "list", *] then boot { list }
      else abort "tootctl #{arguments.join(" ")}: the stand-in has no such command"
      end
    end

    def boot
      Environment.require_rails_env!
      require File.join(ROOT, "config/environment")
      Standin.log_to_stderr
      yield
    rescue RecordInvalid, RecordNotFound => e
      abort e.message
    end

    def options(arguments)
      found = {}
      parser = OptionParser.new
      parser.on("--email EMAIL")
      parser.on("--role ROLE")
      %w(confirmed confirm approve enable disable).each { |flag| parser.on("--#{flag}") }
      left = parser.parse(arguments, into: found)
      abort "the stand-in does not know: #{left.join(" ")}" if left.any?
      found
    rescue OptionParser::ParseError => e
      abort "the stand-in: #{e.message}"
    end

    # Registrations are closed in a new instance, so an account waits for approval unless it comes with --approve.
    def create(name, options)
      abort "No value provided for required options '--email'" unless options[:email]
      abort "ERROR: \"tootctl accounts create\" was called with arguments [\"--approve\"]" if options[:approve] && !Standin.from?("4.2")
      abort "#{name} is not a user name: letters, digits and underscores only" unless name.match?(/\A[a-z0-9_]+\z/i)
      role = role_id(options[:role])
      password = SecureRandom.hex(16)
      # One statement, so that a failure leaves no half of it.
      Database.primary.query(<<~SQL, [name, options[:email], User.encrypt(password), role, options[:confirmed] && Time.now, options[:approve] || false])
        WITH account AS (INSERT INTO accounts (username) VALUES ($1) RETURNING id)
        INSERT INTO users (email, encrypted_password, account_id, role_id, confirmed_at, approved)
        SELECT $2, $3, account.id, $4, $5, $6 FROM account
      SQL
      puts "OK", "New password: #{password}"
    rescue PG::UniqueViolation => e
      field = e.message.include?("email") ? "email" : "username"
      abort "#{field}: has already been taken"
    end

    def modify(name, options)
      account = Account.find_by(username: name, domain: nil) or abort "No user with such username"
      changes = {}
      changes[:email] = options[:email] if options[:email]
      changes[:role_id] = role_id(options[:role]) if options[:role]
      changes[:confirmed_at] = Time.now if options[:confirm] || options[:confirmed]
      changes[:approved] = true if options[:approve]
      changes[:disabled] = !options[:enable] if options[:enable] || options[:disable]
      account.user.update!(changes) if changes.any?
      puts "OK"
    end

    def list
      User.all.each do |user|
        states = [("confirmed" if user.confirmed?), ("approved" if user.approved?), ("disabled" if user.disabled?)].compact
        puts [user.account.acct, user.email, *states].join(" ")
      end
    end

    def role_id(name)
      return if name.nil?

      UserRole.find_by(name: name)&.id || abort("Cannot find user role with that name")
    end
  end
end
