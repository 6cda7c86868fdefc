# Log lines of servers go to standard output, as containers expect; those of commands must not mix with their answers.

require "logger"

module Standin
  def self.log
    @log ||= Logger.new($stdout, level: Environment.log_level, formatter: proc { |level, _, _, text| "[#{Process.pid}] #{level} #{text}\n" })
  end

  def self.log_to_stderr
    @log = Logger.new($stderr, level: Environment.log_level, formatter: proc { |_, _, _, text| "#{text}\n" })
  end
end
