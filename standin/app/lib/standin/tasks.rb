# `rails …`: the tasks and commands that operate an instance.

require "securerandom"
require_relative "../standin"

module Standin
  module Tasks
    module_function

    def run(arguments)
      Environment.require_rails_env!
      command, *rest = arguments
      case command
      when "secret" then puts SecureRandom.hex(64)
      when "db:encryption:init" then Environment::ENCRYPTION_KEYS.each { |name| puts "#{name}=#{SecureRandom.alphanumeric(32)}" }
      when "db:prepare", "db:migrate", "db:seed", "db:version" then database(command.delete_prefix("db:"))
      when "db:migrate:setup" then database("setup")
      when "db:migrate:status" then database("status")
      when "db:abort_if_pending_migrations" then database("abort_if_pending_migrations")
      when "runner", "r" then runner(*rest)
      when "console", "c" then console
      else abort "rails #{command}: the stand-in has no such command"
      end
    end

    def boot
      require File.join(ROOT, "config/environment")
      Standin.log_to_stderr
    end

    def database(task)
      boot
      require "standin/database_tasks"
      Standin.log.info(SELF)
      result = DatabaseTasks.new.public_send(task)
      puts "Current version: #{result}" if task == "version"
    end

    def runner(code = nil, *arguments)
      abort "rails runner: give Ruby code, a file, or - for standard input" if code.nil?
      boot
      require_operations
      ARGV.replace(arguments)
      if code == "-"
        eval($stdin.read, TOPLEVEL_BINDING, "(stdin)") # rubocop:disable Security/Eval
      elsif File.exist?(code)
        load(code)
      else
        eval(code, TOPLEVEL_BINDING, "(runner)") # rubocop:disable Security/Eval
      end
    end

    def console
      boot
      require_operations
      require "irb"
      ARGV.clear
      # The home directory belongs to root, as in the real image.
      IRB.setup(nil)
      IRB.conf[:SAVE_HISTORY] = nil
      IRB::Irb.new.run(IRB.conf)
    end

    def require_operations
      require "standin/statuses"
    end
  end
end
