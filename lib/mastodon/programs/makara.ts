// Up to Mastodon 4.1 reads go to a replica by Makara, configured in a `config/database.yml` that replaces the image's: `makara(program)`.
// For web processes only. Sidekiq and tasks use the image's own file: with Makara, Sidekiq would look for rows that are not replicated yet.

import { Program } from "../../core/program";

const FILE = "/etc/mastodon/database.yml";

/** Mounts the file over the image's own. */
export const MAKARA_VOLUME = `${FILE}:/opt/mastodon/config/database.yml:ro`;

export function makara(program: Program): void {
  program.add({ kind: "file", path: FILE, content: DATABASE });
}

// Without secrets: Ruby fills it in from the process' own variables, quoted, so that any password will do. Sticky: who has just written reads
// from the primary for some seconds.
const DATABASE = `production:
  adapter: postgresql_makara
  encoding: unicode
  timeout: 5000
  connect_timeout: 5
  application_name: ''
  prepared_statements: false
  pool: <%= ENV['DB_POOL'] || ENV['MAX_THREADS'] || 5 %>
  sslmode: <%= ENV['DB_SSLMODE'] || 'prefer' %>
  makara:
    id: postgres
    sticky: true
    connections:
      - role: master
        blacklist_duration: 0
        host: <%= ENV['DB_HOST'].to_json %>
        port: <%= ENV['DB_PORT'] %>
        database: <%= ENV['DB_NAME'].to_json %>
        username: <%= ENV['DB_USER'].to_json %>
        password: <%= ENV['DB_PASS'].to_json %>
      - role: slave
        host: <%= ENV['REPLICA_DB_HOST'].to_json %>
        port: <%= ENV['REPLICA_DB_PORT'] %>
        database: <%= ENV['REPLICA_DB_NAME'].to_json %>
        username: <%= ENV['REPLICA_DB_USER'].to_json %>
        password: <%= ENV['REPLICA_DB_PASS'].to_json %>
`;
