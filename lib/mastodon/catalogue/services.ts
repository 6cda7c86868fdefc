// Services that people's own people run: mail, search, and signing on by another server.

import { BOOLEAN, FILE, FLAG, HOST, NUMBER, PORT, Row, Rows, rows, RUBY, URL } from "./row";

const SMTP: Readonly<Record<string, Partial<Row> & Pick<Row, "meaning">>> = {
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
const OPEN_ID: Readonly<Record<string, string>> = {
  DISPLAY_NAME: "displayName",
  ISSUER: "issuer",
  DISCOVERY: "endpoints",
  SCOPE: "scopes",
  USE_PKCE: "pkce",
  UID_FIELD: "uidField",
  CLIENT_ID: "clientId",
  CLIENT_SECRET: "clientSecret",
  AUTH_ENDPOINT: "authorizationEndpoint",
  TOKEN_ENDPOINT: "endpoints",
  USER_INFO_ENDPOINT: "endpoints",
  JWKS_URI: "endpoints",
  END_SESSION_ENDPOINT: "endpoints",
  SECURITY_ASSUME_EMAIL_IS_VERIFIED: "trustEmail",
};
const SAML: Readonly<Record<string, string>> = {
  DISPLAY_NAME: "displayName",
  ISSUER: "issuer",
  IDP_SSO_TARGET_URL: "signOnUrl",
  IDP_CERT: "certificate",
  CERT: "own",
  PRIVATE_KEY: "own",
  SECURITY_WANT_ASSERTION_SIGNED: "signed",
  SECURITY_WANT_ASSERTION_ENCRYPTED: "encrypted",
  SECURITY_ASSUME_EMAIL_IS_VERIFIED: "trustEmail",
  UID_ATTRIBUTE: "uidAttribute",
  ALLOWED_CLOCK_DRIFT: "clockDriftSeconds",
};
const CAS: Readonly<Record<string, string>> = {
  DISPLAY_NAME: "displayName",
  URL: "url",
  HOST: "url",
  PORT: "url",
  SSL: "url",
  VALIDATE_URL: "paths",
  LOGOUT_URL: "paths",
  LOGIN_URL: "paths",
  UID_FIELD: "uidField",
  CA_PATH: "ca",
  UID_KEY: "keys",
  NAME_KEY: "keys",
  EMAIL_KEY: "keys",
  NICKNAME_KEY: "keys",
  SECURITY_ASSUME_EMAIL_IS_VERIFIED: "trustEmail",
};
const LDAP: Readonly<Record<string, string>> = {
  HOST: "host",
  PORT: "port",
  METHOD: "tls",
  TLS_NO_VERIFY: "verify",
  BASE: "base",
  BIND_DN: "bindDn",
  PASSWORD: "password",
  UID: "uid",
  MAIL: "mail",
  SEARCH_FILTER: "filter",
  UID_CONVERSION_ENABLED: "rewrite",
  UID_CONVERSION_SEARCH: "rewrite",
  UID_CONVERSION_REPLACE: "rewrite",
};
const PAM: Readonly<Record<string, string>> = {
  EMAIL_DOMAIN: "emailDomain",
  DEFAULT_SERVICE: "service",
  CONTROLLED_SERVICE: "controlledService",
};
const BY: readonly string[] = ["UID", "EMAIL", "FULL_NAME", "FIRST_NAME", "LAST_NAME", "VERIFIED", "VERIFIED_EMAIL"];
const CAS_KEYS = ["UID", "NAME", "EMAIL", "NICKNAME", "FIRST_NAME", "LAST_NAME", "LOCATION", "IMAGE", "PHONE"];

type Own = Readonly<Record<string, Partial<Row> & Pick<Row, "meaning">>>;

/** Rows whose names begin alike, and what the props of a setting say of them. */
function prefixed(prefix: string, own: Own, setting?: string, props: Readonly<Record<string, string>> = {}): Own {
  return Object.fromEntries(
    Object.entries(own).map(([name, row]) => {
      const owner = props[name] === undefined ? {} : { owner: `${props[name]} of ${setting}()` };
      return [prefix + name, { ...owner, ...row }];
    }),
  );
}

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
        format: /^(https?:\/\/)?[a-z0-9.-]+$/,
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
  ...rows(
    { readBy: RUBY },
    {
      OMNIAUTH_ONLY: { owner: "only of signOn()", format: FLAG, meaning: "nobody signs in with a password of this server" },
      ONE_CLICK_SSO_LOGIN: {
        owner: "oneClick of signOn()",
        since: "4.2",
        format: FLAG,
        meaning: "the only way to sign in is taken at once",
      },
      SSO_ACCOUNT_SIGN_UP: { owner: "signUpUrl of signOn()", since: "4.2", format: URL, meaning: "where an account is made" },
      SSO_ACCOUNT_SETTINGS: { owner: "settingsUrl of signOn()", since: "4.2", format: URL, meaning: "where it is changed" },
      ALLOW_UNSAFE_AUTH_PROVIDER_REATTACH: {
        since: ["4.1.14", "4.2.6"],
        format: FLAG,
        meaning: "an account is found by its mail address when its identity has changed",
      },
    },
  ),
  ...rows(
    { readBy: RUBY },
    prefixed(
      "OIDC_",
      {
        ENABLED: { format: FLAG, meaning: "people sign in by OpenID Connect" },
        DISPLAY_NAME: { meaning: "what the button says" },
        ISSUER: { format: URL, meaning: "who vouches for them" },
        DISCOVERY: { format: BOOLEAN, meaning: "the issuer says where everything is" },
        CLIENT_AUTH_METHOD: { format: /^\w+$/, meaning: "how this server proves who it is" },
        SCOPE: { format: /^[\w:./-]+(,[\w:./-]+)*$/, meaning: "what is asked for; without it no process starts" },
        RESPONSE_TYPE: { meaning: "how the issuer answers" },
        RESPONSE_MODE: { meaning: "in which part of a request" },
        DISPLAY: { meaning: "how the issuer's page looks" },
        PROMPT: { meaning: "what the issuer asks again" },
        SEND_NONCE: { format: BOOLEAN, meaning: "whether an answer fits one request only" },
        SEND_SCOPE_TO_TOKEN_ENDPOINT: { format: BOOLEAN, meaning: "whether what is asked for is said twice" },
        USE_PKCE: { since: "4.3", format: BOOLEAN, meaning: "whether a stolen code is of no use" },
        IDP_LOGOUT_REDIRECT_URI: { format: URL, meaning: "where signing out ends" },
        UID_FIELD: { meaning: "which of its words becomes the user name" },
        CLIENT_ID: { meaning: "this server's name there" },
        CLIENT_SECRET: { secret: true, meaning: "its secret" },
        REDIRECT_URI: { format: URL, meaning: "where the issuer sends people back" },
        HTTP_SCHEME: { format: /^https?$/, meaning: "without discovery: how it is reached" },
        HOST: { format: HOST, meaning: "without discovery: its host" },
        PORT: { format: PORT, meaning: "without discovery: its port" },
        AUTH_ENDPOINT: { meaning: "without discovery: where people go" },
        TOKEN_ENDPOINT: { meaning: "without discovery: where codes become tokens" },
        USER_INFO_ENDPOINT: { meaning: "without discovery: where people are described" },
        JWKS_URI: { meaning: "without discovery: its keys" },
        END_SESSION_ENDPOINT: { meaning: "without discovery: where people sign out" },
        SECURITY_ASSUME_EMAIL_IS_VERIFIED: { format: FLAG, meaning: "its word on mail addresses is believed" },
      },
      "openId",
      OPEN_ID,
    ),
  ),
  ...rows(
    { readBy: RUBY },
    prefixed(
      "SAML_",
      {
        ENABLED: { format: FLAG, meaning: "people sign in by SAML" },
        DISPLAY_NAME: { meaning: "what the button says" },
        ACS_URL: { format: URL, meaning: "where answers arrive: …/auth/auth/saml/callback" },
        ISSUER: { meaning: "this server's name there" },
        IDP_SSO_TARGET_URL: { format: URL, meaning: "where people go" },
        IDP_SSO_TARGET_PARAMS: { meaning: "what is sent along" },
        IDP_CERT: { meaning: "the other side's certificate, in one line" },
        IDP_CERT_FINGERPRINT: { meaning: "or its fingerprint" },
        IDP_CERT_FINGERPRINT_VALIDATOR: { meaning: "and how that is compared" },
        NAME_IDENTIFIER_FORMAT: { meaning: "what a name looks like" },
        CERT: { meaning: "this server's certificate, in one line" },
        PRIVATE_KEY: { secret: true, meaning: "its key, in one line" },
        SECURITY_WANT_ASSERTION_SIGNED: { format: BOOLEAN, meaning: "answers must be signed" },
        SECURITY_WANT_ASSERTION_ENCRYPTED: { format: BOOLEAN, meaning: "answers must be encrypted" },
        SECURITY_ASSUME_EMAIL_IS_VERIFIED: { format: FLAG, meaning: "its word on mail addresses is believed" },
        UID_ATTRIBUTE: { meaning: "which of its words becomes the user name" },
        ALLOWED_CLOCK_DRIFT: { format: NUMBER, meaning: "seconds by which clocks may differ" },
        ...Object.fromEntries(
          BY.map((word) => [
            `ATTRIBUTES_STATEMENTS_${word}`,
            { owner: "attributes of saml()", meaning: `its word for ${word.toLowerCase().replaceAll("_", " ")}` },
          ]),
        ),
      },
      "saml",
      SAML,
    ),
  ),
  ...rows(
    { readBy: RUBY },
    prefixed(
      "CAS_",
      {
        ENABLED: { format: FLAG, meaning: "people sign in by CAS" },
        DISPLAY_NAME: { meaning: "what the button says" },
        URL: { format: URL, meaning: "the server" },
        HOST: { format: HOST, meaning: "its host" },
        PORT: { format: PORT, meaning: "its port" },
        SSL: { format: BOOLEAN, meaning: "whether it speaks TLS" },
        VALIDATE_URL: { meaning: "where tickets are checked" },
        CALLBACK_URL: { format: URL, meaning: "where people come back" },
        LOGOUT_URL: { meaning: "where they sign out" },
        LOGIN_URL: { meaning: "where they sign in" },
        UID_FIELD: { meaning: "which of its words becomes the user name" },
        CA_PATH: { format: FILE, meaning: "the CA of its certificate, a file in the container" },
        DISABLE_SSL_VERIFICATION: { format: FLAG, meaning: "its certificate is not verified" },
        SECURITY_ASSUME_EMAIL_IS_VERIFIED: { format: FLAG, meaning: "its word on mail addresses is believed" },
        ...Object.fromEntries(
          CAS_KEYS.map((word) => [`${word}_KEY`, { meaning: `its word for ${word.toLowerCase().replaceAll("_", " ")}` }]),
        ),
      },
      "cas",
      CAS,
    ),
  ),
  ...rows(
    { readBy: RUBY },
    {
      ...prefixed(
        "LDAP_",
        {
          ENABLED: { format: FLAG, meaning: "people sign in by LDAP" },
          HOST: { format: HOST, meaning: "the directory" },
          PORT: { format: PORT, meaning: "its port" },
          METHOD: { format: /^(simple_tls|start_tls|plain)$/, meaning: "whether and when it speaks TLS" },
          TLS_NO_VERIFY: { format: FLAG, meaning: "its certificate is not verified" },
          BASE: { meaning: "below which entry people are; without it no process starts" },
          BIND_DN: { meaning: "as whom it asks; without it no process starts" },
          PASSWORD: { secret: true, meaning: "that one's password; without it no process starts" },
          UID: { meaning: "which attribute is the user name" },
          MAIL: { meaning: "which one is the mail address" },
          SEARCH_FILTER: { meaning: "how someone is found" },
          UID_CONVERSION_ENABLED: { format: FLAG, meaning: "user names are rewritten" },
          UID_CONVERSION_SEARCH: { meaning: "the letters that may not stand" },
          UID_CONVERSION_REPLACE: { meaning: "and what stands instead" },
        },
        "ldap",
        LDAP,
      ),
      ...prefixed(
        "PAM_",
        {
          ENABLED: { format: FLAG, meaning: "people sign in by the machine's own accounts" },
          EMAIL_DOMAIN: { format: HOST, meaning: "where their mail goes" },
          DEFAULT_SERVICE: { meaning: "which of PAM's services is asked" },
          CONTROLLED_SERVICE: { meaning: "which one for whoever exists there only" },
        },
        "pam",
        PAM,
      ),
    },
  ),
};
