# The tables as a list of migrations, in the order of their versions.

module Standin
  module Schema
    # `since` is the release that brought it: an image knows only what its version knew.
    Migration = Struct.new(:version, :name, :sql, :after_deployment, :since, keyword_init: true)

    NOW = "timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')".freeze

    ALL = [
      Migration.new(version: "20160220174730", name: "Create accounts", sql: <<~SQL),
        CREATE TABLE accounts (
          id bigserial PRIMARY KEY, username varchar NOT NULL DEFAULT '', domain varchar, display_name varchar NOT NULL DEFAULT '',
          note text NOT NULL DEFAULT '', actor_type varchar, created_at #{NOW}, updated_at #{NOW});
        CREATE UNIQUE INDEX index_accounts_on_username_and_domain_lower ON accounts (lower(username), coalesce(lower(domain), ''));
        CREATE TABLE user_roles (
          id bigserial PRIMARY KEY, name varchar NOT NULL DEFAULT '', position integer NOT NULL DEFAULT 0,
          permissions bigint NOT NULL DEFAULT 0, created_at #{NOW}, updated_at #{NOW});
        CREATE TABLE users (
          id bigserial PRIMARY KEY, email varchar NOT NULL DEFAULT '', encrypted_password varchar NOT NULL DEFAULT '',
          account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, role_id bigint REFERENCES user_roles ON DELETE SET NULL,
          confirmed_at timestamp, approved boolean NOT NULL DEFAULT true, disabled boolean NOT NULL DEFAULT false, locale varchar,
          chosen_languages varchar[], created_at #{NOW}, updated_at #{NOW});
        CREATE UNIQUE INDEX index_users_on_email ON users (email);
        CREATE TABLE oauth_applications (
          id bigserial PRIMARY KEY, name varchar NOT NULL, uid varchar NOT NULL UNIQUE, secret varchar NOT NULL,
          redirect_uri text NOT NULL, scopes varchar NOT NULL DEFAULT '', website varchar, created_at #{NOW}, updated_at #{NOW});
        CREATE TABLE oauth_access_tokens (
          id bigserial PRIMARY KEY, token varchar NOT NULL UNIQUE, refresh_token varchar UNIQUE, expires_in integer, revoked_at timestamp,
          scopes varchar, application_id bigint REFERENCES oauth_applications ON DELETE CASCADE,
          resource_owner_id bigint REFERENCES users ON DELETE CASCADE, last_used_at timestamp, created_at #{NOW});
        CREATE TABLE statuses (
          id bigserial PRIMARY KEY, uri varchar, text text NOT NULL DEFAULT '', account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
          visibility integer NOT NULL DEFAULT 0, local boolean DEFAULT true, deleted_at timestamp, created_at #{NOW}, updated_at #{NOW});
        CREATE TABLE ip_blocks (
          id bigserial PRIMARY KEY, ip inet NOT NULL UNIQUE, severity integer NOT NULL DEFAULT 0, expires_at timestamp,
          comment text NOT NULL DEFAULT '', created_at #{NOW}, updated_at #{NOW});
      SQL
      Migration.new(version: "20260801000001", name: "Create stand-in jobs", sql: <<~SQL),
        CREATE TABLE standin_jobs (jid text NOT NULL, status_id bigint NOT NULL, done_at timestamptz NOT NULL DEFAULT now(), process text NOT NULL);
        CREATE TABLE standin_schedules (name text NOT NULL, at timestamptz NOT NULL, process text NOT NULL);
      SQL
      Migration.new(version: "20260801000002", name: "Add index on statuses account", after_deployment: true, sql: <<~SQL),
        CREATE INDEX CONCURRENTLY IF NOT EXISTS index_statuses_on_account_id_and_id ON statuses (account_id, id DESC)
      SQL
      Migration.new(version: "20260801000003", name: "Create media attachments", sql: <<~SQL),
        CREATE TABLE media_attachments (
          id bigserial PRIMARY KEY, status_id bigint REFERENCES statuses ON DELETE SET NULL,
          account_id bigint REFERENCES accounts ON DELETE SET NULL, type integer NOT NULL DEFAULT 0, file_file_name varchar,
          file_content_type varchar, file_file_size integer, description text, processing integer,
          created_at #{NOW}, updated_at #{NOW});
        CREATE INDEX index_media_attachments_on_status_id ON media_attachments (status_id);
        CREATE TABLE settings (
          id bigserial PRIMARY KEY, var varchar NOT NULL UNIQUE, value text, created_at #{NOW}, updated_at #{NOW});
        ALTER TABLE users ADD COLUMN confirmation_token varchar UNIQUE, ADD COLUMN confirmation_sent_at timestamp,
          ADD COLUMN unconfirmed_email varchar, ADD COLUMN created_by_application_id bigint;
      SQL
      Migration.new(version: "20260815000001", name: "Add language to statuses", since: "4.6", sql: <<~SQL),
        ALTER TABLE statuses ADD COLUMN language varchar
      SQL
      Migration.new(version: "20260901000001", name: "Add edited at to statuses", since: "4.7", sql: <<~SQL),
        ALTER TABLE statuses ADD COLUMN edited_at timestamp
      SQL
      Migration.new(version: "20260901000002", name: "Add index on users role", since: "4.7", after_deployment: true, sql: <<~SQL),
        CREATE INDEX CONCURRENTLY IF NOT EXISTS index_users_on_role_id ON users (role_id)
      SQL
    ].freeze

    # Those that this version knows.
    def self.migrations = ALL.select { |migration| migration.since.nil? || Standin.from?(migration.since) }

    ROLES = { "Moderator" => 10, "Admin" => 100, "Owner" => 1000 }.freeze
    EVERYONE = -99
    INSTANCE_ACTOR = -99
  end
end
