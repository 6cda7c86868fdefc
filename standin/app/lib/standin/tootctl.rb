# `tootctl …`: the few commands that make a usable account.

require "optparse"
require "securerandom"
require_relative "../standin"

module Standin
  module Tootctl
    COMMANDS = {
      "accounts" => {
        "create USERNAME" => "Create a new user account", "list" => "(the stand-in's own) List the users",
        "modify USERNAME" => "Modify a user account",
      },
      "settings" => { "registrations open|close" => "Open or close registrations" },
    }.freeze
    FLAGS = %w(confirmed confirm approve enable disable remove_role reset_password).freeze

    module_function

    def run(arguments)
      case arguments
      in [] | ["help" | "--help" | "-h"] then help
      in ["help", group] then help(group)
      in [group, *rest] if (rest & %w(help --help -h)).any? then help(group)
      in ["version" | "--version" | "-v", *] then puts Standin.version
      in ["accounts", "create", name, *rest] then boot { create(name, options(rest)) }
      in ["accounts", "modify", name, *rest] then boot { modify(name, options(rest)) }
      in ["accounts", "list", *] then boot { list }
      in ["settings", "registrations", "open" | "close" => wish, *] then boot { registrations(wish) }
      else abort "tootctl #{arguments.join(" ")}: the stand-in has no such command"
      end
    end

    # Needs no environment, unlike the real one's.
    def help(group = nil)
      abort "Could not find command \"#{group}\"." if group && !COMMANDS.key?(group)
      lines = group ? COMMANDS.fetch(group).map { |name, words| ["tootctl #{group} #{name}", words] } : overview
      width = lines.map { |name, _| name.size }.max
      puts "Commands:", lines.map { |name, words| "  #{name.ljust(width)}  # #{words}" }, "", "#{SELF[0].upcase}#{SELF[1..]}: it knows no others."
    end

    def overview
      groups = COMMANDS.keys.map { |group| ["tootctl #{group} SUBCOMMAND ...ARGS", "Manage #{group}"] }
      [*groups, ["tootctl help [COMMAND]", "Describe available commands or one specific command"], ["tootctl version", "Show version"]]
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
      FLAGS.each { |flag| parser.on("--#{flag.tr("_", "-")}") { found[flag.to_sym] = true } }
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
      password = SecureRandom.hex
      user = User.new(email: options[:email], password: password, agreement: true, role_id: role_id(options[:role]), User::BYPASS => true,
                      confirmed_at: options[:confirmed] ? Time.now : nil, account: Account.new(username: name))
      report(user.errors) unless user.save
      user.approve! if options[:approve]
      puts "OK", "New password: #{password}"
    end

    def modify(name, options)
      user = Account.find_local(name)&.user or abort "No user with such username"
      user.role_id = role_id(options[:role]) if options[:role]
      user.role_id = nil if options[:remove_role]
      user.email = options[:email] if options[:email]
      user.disabled = false if options[:enable]
      user.disabled = true if options[:disable]
      user.approved = true if options[:approve]
      user.password = SecureRandom.hex if options[:reset_password]
      report(user.errors) unless user.save
      user.confirm if options[:confirm]
      puts "OK"
      puts "New password: #{user.password}" if options[:reset_password]
    end

    def list
      User.all.each do |user|
        states = [("confirmed" if user.confirmed?), ("approved" if user.approved?), ("disabled" if user.disabled?)].compact
        puts [user.account.acct, user.email, *states].join(" ")
      end
    end

    def registrations(wish)
      Setting.registrations_mode = wish == "open" ? "open" : "none"
      puts "OK"
    end

    # From 4.3 on to standard error.
    def report(errors)
      lines = errors.flat_map { |error| ["Failure/Error: #{error.attribute}", "    #{error.message}"] }
      abort lines.join("\n") if Standin.from?("4.3")

      puts lines
      exit 1
    end

    def role_id(name)
      return if name.nil?

      UserRole.find_by(name: name)&.id || abort("Cannot find user role with that name")
    end
  end
end
