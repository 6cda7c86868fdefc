# The jobs, and how every process finds the Redis that keeps them.

require "sidekiq"
require "socket"

Sidekiq.strict_args!
# The first retry of the real one comes after some 15 s; what this is a stand-in for is the way, not the wait.
QUICK_RETRIES = ->(count, *) { [1, 2, 4, 8].fetch(count, 15) }

settings = { reconnect_attempts: 1, **Standin::RedisSettings.for("SIDEKIQ_") }
Sidekiq.configure_client { |config| config.redis = { size: Standin.threads, **settings } }
Sidekiq.configure_server { |config| config.redis = settings }

class DistributionWorker
  include Sidekiq::Job
  sidekiq_options queue: "default"
  sidekiq_retry_in(&QUICK_RETRIES)

  def perform(status_id)
    status = Standin::Statuses.find(status_id) || raise(Standin::RecordNotFound, "status #{status_id} is not there (yet)")
    Standin::Statuses.distribute(status)
    Standin::Database.primary.query(
      "INSERT INTO standin_jobs (jid, status_id, process) VALUES ($1, $2, $3)", [jid, status_id, Standin::Jobs.process]
    )
  end
end

class RemovalWorker
  include Sidekiq::Job
  sidekiq_options queue: "default"
  sidekiq_retry_in(&QUICK_RETRIES)

  def perform(status_id)
    status = Status.find_by(id: status_id) or return
    Standin::Statuses.withdraw(status)
    status.destroy
  end
end

module Scheduler
  class StandinScheduler
    include Sidekiq::Job
    sidekiq_options queue: "scheduler", retry: 0

    def perform(name, at, process)
      Standin::Database.primary.query("INSERT INTO standin_schedules (name, at, process) VALUES ($1, $2, $3)", [name, at, process])
    end
  end
end

module Standin
  module Jobs
    def self.process = "#{Socket.gethostname}:#{Process.pid}"
  end
end
