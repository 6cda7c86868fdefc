# A stand-in for Mastodon's web, Sidekiq and commands: its contract with the outside, without its features.

module Standin
  ROOT = File.expand_path("..", __dir__)
  SELF = "this is cdktf-mastodon's stand-in, not Mastodon".freeze

  def self.version
    @version ||= File.read(File.join(ROOT, "VERSION")).strip
  end

  def self.sidekiq?
    defined?(::Sidekiq) && ::Sidekiq.server?
  end

  # How many threads may want a connection at the same time.
  def self.threads
    return ::Sidekiq.default_configuration.default_capsule.concurrency if sidekiq?

    ENV.fetch("MAX_THREADS", 5).to_i
  end
end

$LOAD_PATH.unshift(__dir__) unless $LOAD_PATH.include?(__dir__)
require "standin/environment"
require "standin/log"
require "standin/database"
require "standin/redis"
