# Statuses: web writes them and enqueues, Sidekiq distributes and publishes, everybody renders them alike.

require "cgi"
require "standin/jobs"
require "standin/models"
require "standin/media_attachment"

module Standin
  module Statuses
    FEED = 400
    IDEMPOTENCY_SECONDS = 3600

    module_function

    MOST_FILES = 4

    def create(account, text:, visibility: nil, idempotency_key: nil, media_ids: [])
      raise RecordInvalid, "Validation failed: Text can't be blank" if Environment.blank?(text) && media_ids.empty?

      number = Status::VISIBILITIES.index(visibility || "public")
      raise RecordInvalid, "Validation failed: Visibility is not included in the list" if number.nil?

      once(account, idempotency_key) do
        media = attachable(account, media_ids)
        status = Database.primary.transaction do
          Status.create!(text: text, account_id: account.id, visibility: number).tap do |made|
            media.each { |one| one.update!(status_id: made.id) }
          end
        end
        DistributionWorker.perform_async(status.id)
        status
      end
    end

    def attachable(account, ids)
      raise RecordInvalid, "Validation failed: Cannot attach more than #{MOST_FILES} files" if ids.size > MOST_FILES

      media = ids.empty? ? [] : MediaAttachment.where(id: ids.map(&:to_i), account_id: account.id, status_id: nil).to_a
      raise RecordInvalid, "Validation failed: Media not found" if media.size != ids.uniq.size
      return media if media.all?(&:processed?)

      raise RecordInvalid, "Validation failed: Cannot attach files that have not finished processing. Try again in a moment!"
    end

    def remove(status)
      status.update!(deleted_at: Time.now)
      RemovalWorker.perform_async(status.id)
    end

    def once(account, key)
      return yield if Environment.blank?(key)

      stored = Redis.key("idempotency:status:#{account.id}:#{key}")
      id = Redis.base.call("GET", stored)
      found = id && Status.find_by(id: id.to_i)
      return found if found

      yield.tap { |status| Redis.base.call("SET", stored, status.id, "EX", IDEMPOTENCY_SECONDS) }
    end

    # The feed in Redis says which, the replica says what: a status that has not reached the replica yet is left out.
    def home(account, limit)
      ids = Redis.base.call("ZREVRANGE", feed(account.id), 0, limit - 1).map(&:to_i)
      if ids.empty?
        read("WHERE account_id = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT $2", [account.id, limit], Database.replica)
      else
        read("WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL ORDER BY id DESC", [ids], Database.replica)
      end
    end

    def public(limit)
      read("WHERE visibility = 0 AND deleted_at IS NULL ORDER BY id DESC LIMIT $1", [limit], Database.plain_reads)
    end

    def find(id)
      read("WHERE id = $1 AND deleted_at IS NULL", [id], Database.primary).first
    end

    def read(rest, values, database)
      database.query("SELECT * FROM statuses #{rest}", values).map { |row| Status.instantiate(row) }
    end

    def distribute(status)
      account = status.account
      keep(account, status)
      event = JSON.generate(event: "update", payload: JSON.generate(render(status, account)), queued_at: (Time.now.to_f * 1000).to_i)
      publish(channels(status), event)
    end

    def withdraw(status)
      Redis.base.call("ZREM", feed(status.account_id), status.id)
      publish(channels(status), JSON.generate(event: "delete", payload: status.id.to_s))
    end

    def publish(channels, event) = channels.each { |channel| Redis.base.call("PUBLISH", Redis.key(channel), event) }

    def channels(status)
      own = "timeline:#{status.account_id}"
      status.visibility == "public" ? [own, "timeline:public", "timeline:public:local"] : [own]
    end

    def keep(account, status)
      Redis.base.call("ZADD", feed(account.id), status.id, status.id)
      Redis.base.call("ZREMRANGEBYRANK", feed(account.id), 0, -FEED - 1)
    end

    def feed(account_id) = Redis.key("feed:home:#{account_id}")

    # A list with two more queries, however long it is.
    def render_all(statuses, database)
      return [] if statuses.empty?

      accounts = rows(Account, "id", statuses.map(&:account_id).uniq, database).to_h { |account| [account.id, account] }
      media = rows(MediaAttachment, "status_id", statuses.map(&:id), database).group_by(&:status_id)
      known = statuses.select { |status| accounts.key?(status.account_id) }
      known.map { |status| render(status, accounts[status.account_id], media.fetch(status.id, [])) }
    end

    def rows(model, column, ids, database)
      database.query("SELECT * FROM #{model.table} WHERE #{column} = ANY ($1::bigint[]) ORDER BY id", [ids]).map { |row| model.instantiate(row) }
    end

    def render(status, account = status.account, media = MediaAttachment.where(status_id: status.id).to_a)
      url = "https://#{Environment.web_domain}/@#{account.username}/#{status.id}"
      {
        id: status.id.to_s, created_at: status.created_at.iso8601(3), visibility: status.visibility, sensitive: false, spoiler_text: "",
        uri: url, url: url, content: "<p>#{CGI.escapeHTML(status.text)}</p>", account: render_account(account),
        media_attachments: media.map(&:render), mentions: [], tags: [], emojis: [], replies_count: 0, reblogs_count: 0, favourites_count: 0
      }
    end

    def render_account(account)
      {
        id: account.id.to_s, username: account.username, acct: account.acct, display_name: account.display_name, locked: false,
        note: account.note, url: "https://#{Environment.web_domain}/@#{account.username}", created_at: account.created_at.iso8601(3)
      }
    end
  end
end
