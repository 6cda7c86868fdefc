# What only Sidekiq's own process does: the ready file, the least Redis, and the schedule where it listens to that queue.

require "fileutils"
require "standin/metrics"
require "standin/statuses"

module Standin
  # Enqueues on its own clock: two of these processes enqueue everything twice, as in the real one.
  class Clock
    SECONDS = 10

    def start
      @thread = Thread.new do
        until @stopped
          tick
          sleep SECONDS
        end
      end
    end

    def stop
      @stopped = true
      @thread&.kill
    end

    private

    def tick
      Scheduler::StandinScheduler.perform_async("standin_scheduler", Time.now.utc.iso8601(3), Jobs.process)
    rescue StandardError => e
      Standin.log.warn("the schedule: #{e.message}")
    end
  end
end

Sidekiq.configure_server do |config|
  ready = Standin::Environment.ready_file
  clock = Standin::Clock.new
  config.logger.level = Standin.log.level

  config.on(:startup) do
    Standin.log.info(Standin::SELF)
    version = config.redis_info["redis_version"]
    least = { "4.5" => "7.0", "4.4" => "6.2" }.find { |release, _| Standin.from?(release) }&.last || "4.0"
    abort "Redis #{version} is too old: Mastodon #{Standin.version} needs #{least}" if Gem::Version.new(version) < Gem::Version.new(least)
    Standin::Metrics.serve_sidekiq
    FileUtils.touch(ready) if ready
    clock.start if config.capsules.values.flat_map(&:queues).include?("scheduler")
  end
  config.on(:quiet) { clock.stop }
  config.on(:shutdown) do
    clock.stop
    FileUtils.rm_f(ready) if ready
  end
end
