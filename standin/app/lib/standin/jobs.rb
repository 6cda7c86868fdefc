# The jobs, and how every process finds the Redis that keeps them.

require "sidekiq"
require "socket"
require "standin/mailer"

Sidekiq.strict_args!
# The first retry of the real one comes after some 15 s; what this is a stand-in for is the way, not the wait.
QUICK_RETRIES = ->(count, *) { [1, 2, 4, 8].fetch(count, 15) }

settings = { **Standin::Redis.limits("SIDEKIQ_"), **Standin::RedisSettings.for("SIDEKIQ_") }
Sidekiq.configure_client { |config| config.redis = { size: Standin.threads, **settings } }
Sidekiq.configure_server { |config| config.redis = settings }

class DistributionWorker
  include Sidekiq::Job
  sidekiq_options queue: "default"
  sidekiq_retry_in(&QUICK_RETRIES)

  def perform(status_id)
    Standin::Cost.spend(:job)
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
    MediaAttachment.where(status_id: status.id).each(&:destroy)
    status.destroy
  end
end

# What an upload needs that takes long: read on this machine what a web machine has stored, and store the small version beside it.
class PostProcessMediaWorker
  include Sidekiq::Job
  sidekiq_options queue: "default", retry: 1

  def perform(media_id)
    MediaAttachment.find_by(id: media_id)&.process_later
  end
end

class MailDeliveryJob
  include Sidekiq::Job
  sidekiq_options queue: "mailers"

  def perform(mail, user_id)
    user = User.find_by(id: user_id)
    Standin::Mailer.public_send(mail, user) if user
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
