// Mail and search, each with the props of its setting.

import { BOOLEAN, FILE, FLAG, HOST, Own, PORT, RUBY, Rows, SEARCH, prefixed, rows } from "./row";

const SMTP: Own = {
  SERVER: { format: HOST, meaning: "the mail server" },
  PORT: { format: PORT, meaning: "its port" },
  LOGIN: { meaning: "the user there" },
  PASSWORD: { secret: true, meaning: "its password" },
  DOMAIN: { format: HOST, meaning: "the name that it greets with, if not LOCAL_DOMAIN" },
  AUTH_METHOD: { format: /^(plain|login|cram_md5|none)$/, meaning: "how it signs on" },
  CA_FILE: { format: FILE, meaning: "the CA of its certificate, a file in the container" },
  OPENSSL_VERIFY_MODE: {
    format: /^(none|peer|client_once|fail_if_no_peer_cert)$/,
    meaning: "whether its certificate is verified",
  },
  ENABLE_STARTTLS: { format: /^(auto|always|never)$/, meaning: "whether a plain connection turns into TLS; never with TLS" },
  ENABLE_STARTTLS_AUTO: { format: BOOLEAN, meaning: "the same, an older name" },
  TLS: { format: BOOLEAN, meaning: "TLS from the first byte, as on port 465" },
  SSL: { format: BOOLEAN, meaning: "the same, another name" },
};
const MAIL: Readonly<Record<string, string>> = {
  SERVER: "server",
  PORT: "port",
  LOGIN: "login",
  PASSWORD: "password",
  DOMAIN: "domain",
  AUTH_METHOD: "authentication",
  CA_FILE: "ca",
  OPENSSL_VERIFY_MODE: "verify",
  FROM_ADDRESS: "from",
  REPLY_TO: "replyTo",
  RETURN_PATH: "returnPath",
  DELIVERY_METHOD: "server",
  ENABLE_STARTTLS: "tls",
  ENABLE_STARTTLS_AUTO: "tls",
  TLS: "tls",
  SSL: "tls",
};

export const SERVICES: Rows = {
  ...rows(
    { readBy: RUBY },
    {
      ...prefixed(
        "SMTP_",
        {
          ...SMTP,
          FROM_ADDRESS: { meaning: "who writes, as in `Social <hello@social.example>`" },
          REPLY_TO: { meaning: "who is answered" },
          RETURN_PATH: { meaning: "who hears of mail that did not arrive" },
          DELIVERY_METHOD: { format: /^(smtp|sendmail|file|test)$/, meaning: "how mail leaves" },
        },
        "mail",
        MAIL,
      ),
      ...prefixed(
        "BULK_SMTP_",
        Object.fromEntries(Object.entries(SMTP).map(([name, row]) => [name, { owner: "bulk of mail()", ...row, since: "4.4" }])),
      ),
    },
  ),
  ...rows(
    { readBy: RUBY },
    {
      ES_ENABLED: { format: FLAG, meaning: "posts can be searched" },
      ES_HOST: {
        owner: "host of search()",
        format: SEARCH,
        meaning: "Elasticsearch or OpenSearch, without port",
      },
      ES_PORT: { owner: "port of search()", format: PORT, meaning: "its port" },
      ES_USER: { owner: "user of search()", meaning: "its user" },
      ES_PASS: { owner: "password of search()", secret: true, meaning: "its password" },
      ES_PREFIX: { owner: "prefix of search()", format: /^[\w-]+$/, meaning: "what the names of its indexes begin with" },
      ES_PRESET: {
        owner: "preset of search()",
        since: "4.2",
        format: /^(single_node_cluster|small_cluster|large_cluster)$/,
        meaning: "how indexes spread over its machines",
      },
      ES_CA_FILE: {
        owner: "ca of search()",
        since: "4.3",
        format: FILE,
        meaning: "the CA of its certificate, a file in the container",
      },
      ES_QUERY_TIMEOUT: {
        owner: "timeoutSeconds of search()",
        since: "4.7",
        format: /^[0-9]+(ms|s|m)$/,
        meaning: "how long a search may take",
      },
    },
  ),
};
