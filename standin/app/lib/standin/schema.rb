# The tables as a list of migrations, in the order of their versions.

module Standin
  module Schema
    Migration = Struct.new(:version, :sql, :after_deployment, keyword_init: true)

    NOW = "timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')".freeze

    MIGRATIONS = [
      Migration.new(version: "20160220174730", sql: <<~SQL),
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
      Migration.new(version: "20260801000001", sql: <<~SQL),
        CREATE TABLE standin_jobs (jid text NOT NULL, status_id bigint NOT NULL, done_at timestamptz NOT NULL DEFAULT now(), process text NOT NULL);
        CREATE TABLE standin_schedules (name text NOT NULL, at timestamptz NOT NULL, process text NOT NULL);
      SQL
      Migration.new(version: "20260801000002", after_deployment: true, sql: <<~SQL),
        CREATE INDEX CONCURRENTLY IF NOT EXISTS index_statuses_on_account_id_and_id ON statuses (account_id, id DESC)
      SQL
    ].freeze

    ROLES = { "Moderator" => 10, "Admin" => 100, "Owner" => 1000 }.freeze
    EVERYONE = -99
    INSTANCE_ACTOR = -99
  end
end
