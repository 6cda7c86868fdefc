# `db:prepare`, `db:migrate` and `db:seed`, with the lock of the real ones: it belongs to a session, so a pooler by transaction loses it.

require "zlib"
require "standin/schema"

module Standin
  class ConcurrentMigration < StandardError; end

  class DatabaseTasks
    LEAST_SERVERS = { "4.5" => 140_000, "4.4" => 130_000, "4.3" => 120_000, "4.1" => 90_500 }.freeze

    def initialize
      @settings = DatabaseSettings.primary
      @connection = Connection.new(@settings)
    end

    def prepare
      created = create_database
      fresh = !versioned?
      load_schema if fresh
      with_lock { run_pending }
      # Before Rails 7.1 a database that is there, but empty, is migrated only: no roles, no instance actor.
      seed if fresh && (created || Standin.from?("4.3"))
    end

    # Mastodon's own task.
    def setup
      created = create_database
      fresh = created || !versioned?
      migrate
      seed if fresh
    end

    def migrate
      check_server
      fresh = !versioned?
      abort "SKIP_POST_DEPLOYMENT_MIGRATIONS is set, and the database is too old for that: version 0" if fresh && skip_post?
      load_schema if fresh
      with_lock { run_pending }
    end

    def seed
      @connection.transaction do
        role(Schema::EVERYONE, "", -1)
        Schema::ROLES.each { |name, position| role(nil, name, position) }
        @connection.query(<<~SQL, [Schema::INSTANCE_ACTOR, "mastodon.internal", Environment.local_domain])
          INSERT INTO accounts (id, username, display_name, actor_type) VALUES ($1, $2, $3, 'Application') ON CONFLICT DO NOTHING
        SQL
      end
      say "seeded"
    end

    # As Rails prints it. Of a version that the image does not know, only the number is there.
    def status
      abort "Schema migrations table does not exist yet." unless versioned?
      puts "", "database: #{@settings.dbname}", "", "#{"Status".center(8)}  #{"Migration ID".ljust(14)}  Migration Name", "-" * 50
      names = known.to_h { |migration| [migration.version, migration.name] }
      (names.keys | applied).sort.each do |version|
        name = names.fetch(version, "********** NO FILE **********")
        puts "#{(applied.include?(version) ? "up" : "down").center(8)}  #{version.ljust(14)}  #{name}"
      end
      puts
    end

    def abort_if_pending_migrations
      pending = known.reject { |migration| versioned? && applied.include?(migration.version) }
      return if pending.empty?

      puts "You have #{pending.size} pending #{pending.one? ? "migration" : "migrations"}:"
      pending.each { |migration| puts "  #{migration.version} #{migration.name}" }
      abort "Run `bin/rails db:migrate` to update your database then try again."
    end

    def version
      versioned? ? @connection.query("SELECT max(version) AS version FROM schema_migrations").first["version"] : "0"
    end

    private

    def applied = @applied ||= @connection.query("SELECT version FROM schema_migrations").map { |row| row["version"] }
    # Without the files of migrations that come after deployment, when they are to be skipped.
    def known = Schema.migrations.reject { |migration| migration.after_deployment && skip_post? }
    def say(text) = Standin.log.info(text)
    # Presence counts: `false` skips as well.
    def skip_post? = ENV.key?("SKIP_POST_DEPLOYMENT_MIGRATIONS")
    def versioned? = !@connection.query("SELECT to_regclass('schema_migrations')::text AS name").first["name"].nil?

    def create_database
      @connection.query("SELECT 1")
      false
    rescue PG::ConnectionBad => e
      raise unless e.message.include?("database \"#{@settings.dbname}\" does not exist")

      say "creating the database #{@settings.dbname}"
      maintenance = Connection.new(DatabaseSettings::Settings.new(connection: @settings.connection.merge(dbname: "postgres")))
      maintenance.execute("CREATE DATABASE #{PG::Connection.quote_ident(@settings.dbname)} ENCODING 'UTF8'")
      maintenance.close
      true
    end

    def check_server
      number = @connection.query("SELECT current_setting('server_version_num')::integer AS number").first["number"]
      least = LEAST_SERVERS.find { |release, _| Standin.from?(release) }.last
      abort "PostgreSQL #{number / 10_000} is too old: Mastodon #{Standin.version} needs #{least}" if number < least
    end

    # As in the real one, nothing protects this: two of them at once on an empty database get in each other's way.
    def load_schema
      say "loading the schema"
      @connection.transaction do
        @connection.execute(<<~SQL)
          CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
          CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, value varchar, created_at #{Schema::NOW}, updated_at #{Schema::NOW});
          INSERT INTO ar_internal_metadata (key, value) VALUES ('environment', 'production');
        SQL
        Schema.migrations.each do |migration|
          @connection.execute(migration.sql.sub("CONCURRENTLY ", ""))
          done(migration)
        end
      end
    end

    def run_pending
      known = @connection.query("SELECT version FROM schema_migrations").map { |row| row["version"] }
      pending = Schema.migrations.reject { |migration| known.include?(migration.version) }
      pending.reject!(&:after_deployment) if skip_post?
      pending.each do |migration|
        say "migrating to #{migration.version}"
        check_lock_timeout
        if migration.after_deployment
          @connection.execute(migration.sql)
          done(migration)
        else
          @connection.transaction { @connection.execute(migration.sql) && done(migration) }
        end
      end
      say "the database is at version #{version}#{"; nothing to migrate" if pending.empty?}"
    end

    LONGEST_LOCK_TIMEOUT = 10

    # What the gem strong_migrations says before each migration: without a limit, one that waits for a lock holds up everyone behind it.
    def check_lock_timeout
      milliseconds = @connection.query("SELECT setting FROM pg_settings WHERE name = 'lock_timeout'").first["setting"].to_i
      if milliseconds.zero?
        warn "[strong_migrations] DANGER: No lock timeout set"
      elsif milliseconds > LONGEST_LOCK_TIMEOUT * 1000
        warn "[strong_migrations] DANGER: Lock timeout is longer than #{LONGEST_LOCK_TIMEOUT} seconds: #{milliseconds / 1000}s"
      end
    end

    def done(migration) = @connection.query("INSERT INTO schema_migrations (version) VALUES ($1)", [migration.version])

    def with_lock
      key = 0x5354_0000_0000 + Zlib.crc32(@settings.dbname.to_s)
      got = @connection.query("SELECT pg_try_advisory_lock($1) AS got", [key]).first["got"]
      raise ConcurrentMigration, "Another migration holds the advisory lock" unless got

      yield
    ensure
      raise ConcurrentMigration, "Failed to release advisory lock" if got && !release(key)
    end

    # An idle pooler would hand out the same session again by mere luck; another client's transaction takes that luck away.
    def release(key)
      other = Connection.new(@settings)
      other.transaction do
        other.execute("SELECT 1")
        @connection.query("SELECT pg_advisory_unlock($1) AS done", [key]).first["done"]
      end
    ensure
      other&.close
    end

    def role(id, name, position)
      return if @connection.query("SELECT 1 FROM user_roles WHERE name = $1", [name]).any?

      columns = { id: id, name: name, position: position }.compact
      marks = (1..columns.size).map { |number| "$#{number}" }.join(", ")
      @connection.query("INSERT INTO user_roles (#{columns.keys.join(", ")}) VALUES (#{marks})", columns.values)
    end
  end
end
