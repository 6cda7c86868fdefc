# A stand-in for Mastodon's web, Sidekiq and commands: its contract with the outside, without its features.

module Standin
  ROOT = File.expand_path("..", __dir__)
  SELF = "this is cdktf-mastodon's stand-in, not Mastodon".freeze

  # The image says which version it stands in for; what each version reads differs.
  def self.version
    @version ||= ENV["STANDIN_VERSION"] || File.read(File.join(ROOT, "VERSION")).strip
  end

  # Whether that is `release`, as in "4.3" or "4.2.9", or a later one.
  def self.from?(release) = Gem::Version.new(version.delete_suffix(version[/-.*/].to_s)) >= Gem::Version.new(release)

  def self.sidekiq?
    defined?(::Sidekiq) && ::Sidekiq.server?
  end

  # How many threads may want a connection at the same time.
  def self.threads
    # Before 4.3 Sidekiq's pool does not follow its concurrency.
    return ::Sidekiq.default_configuration.default_capsule.concurrency if sidekiq? && from?("4.3")

    ENV.fetch("MAX_THREADS", 5).to_i
  end
end

$LOAD_PATH.unshift(__dir__) unless $LOAD_PATH.include?(__dir__)
require "standin/errors"
require "standin/environment"
require "standin/sign_on"
require "standin/log"
require "standin/database"
require "standin/redis"
require "standin/cache"
require "standin/cost"
