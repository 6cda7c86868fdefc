// Who the server is, what it keeps secret, and how it meets others: domains, secrets, federation, languages, limits.

import { COUNT, FLAG, HOST, HOSTS, LOCALE, NUMBER, PROXY, Rows, rows, RUBY, URL } from "./row";

export const IDENTITY: Rows = {
  ...rows(
    { readBy: RUBY },
    {
      LOCAL_DOMAIN: { owner: "domain", format: HOST, meaning: "the part of a handle behind the @; can never change" },
      WEB_DOMAIN: {
        owner: "webDomain",
        format: HOST,
        meaning: "the host of the web interface, if another than LOCAL_DOMAIN; can never change",
      },
      ALTERNATE_DOMAINS: { owner: "alternateDomains", format: HOSTS, meaning: "further hosts that it answers to" },
      STREAMING_API_BASE_URL: {
        format: /^wss:\/\/[a-z0-9.-]+$/,
        meaning: "where browsers find streaming, if not at the web host",
      },
    },
  ),
  ...rows(
    { readBy: RUBY, secret: true },
    {
      SECRET_KEY_BASE: {
        owner: "secret_key_base of the secrets",
        meaning: "signs sessions; a change logs everyone out",
        source: "Rails",
      },
      OTP_SECRET: {
        owner: "otp_secret of the secrets",
        spans: { web: { until: "4.3" }, sidekiq: { until: "4.3" } },
        meaning: "encrypts second factors; mandatory up to 4.3, and later for a migration that an upgrade from 4.2 runs",
      },
      ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: {
        owner: "active_record_encryption_primary_key of the secrets",
        since: "4.3",
        meaning: "encrypts columns; a change loses data",
      },
      ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: {
        owner: "active_record_encryption_deterministic_key of the secrets",
        since: "4.3",
        meaning: "encrypts columns; a change loses data",
      },
      ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: {
        owner: "active_record_encryption_key_derivation_salt of the secrets",
        since: "4.3",
        meaning: "encrypts columns; a change loses data",
      },
    },
  ),
  ...rows(
    { readBy: ["web", "sidekiq"] },
    {
      VAPID_PRIVATE_KEY: {
        owner: "vapid_private_key of the secrets",
        secret: true,
        meaning: "signs web push; a change ends all subscriptions",
      },
      VAPID_PUBLIC_KEY: { owner: "vapid_public_key of the secrets", meaning: "its public half" },
    },
  ),
  ...rows(
    { readBy: [...RUBY, "streaming"], format: FLAG },
    {
      LIMITED_FEDERATION_MODE: {
        owner: "limited of federation()",
        spans: { streaming: { until: "4.1" } },
        meaning: "federates with allowed servers only, and shows nothing to whoever is not signed in",
      },
      WHITELIST_MODE: {
        owner: "limited of federation()",
        spans: { streaming: { until: "4.1" } },
        meaning: "LIMITED_FEDERATION_MODE, an older name",
      },
      AUTHORIZED_FETCH: {
        owner: "authorizedFetch of federation()",
        spans: { streaming: { until: "4.1" } },
        meaning: "other servers must sign what they fetch",
      },
    },
  ),
  ...rows(
    { readBy: RUBY, format: FLAG },
    {
      SINGLE_USER_MODE: { owner: "singleUser of federation()", meaning: "the front page is the first account's profile" },
      DISALLOW_UNAUTHENTICATED_API_ACCESS: {
        owner: "membersOnlyApi of federation()",
        meaning: "the API answers nobody who is not signed in",
      },
      DISABLE_FOLLOWERS_SYNCHRONIZATION: {
        owner: "followersSync of federation()",
        meaning: "lists of followers are not compared with other servers'",
      },
      DISABLE_AUTOMATIC_SWITCHING_TO_APPROVED_REGISTRATIONS: {
        since: ["4.1.16", "4.2.8"],
        meaning: "open registrations stay open when no moderator is active",
      },
      SELF_DESTRUCT: { since: "4.3", format: /^\S+$/, meaning: "the server tells all others that it is gone, for good" },
      DISABLE_EMAIL_SUBSCRIPTIONS: { since: "4.6", meaning: "nobody may subscribe to an account by mail" },
      EXPERIMENTAL_FEATURES: {
        since: "4.4",
        format: /^[a-z_]+(,[a-z_]+)*$/,
        meaning: "features that are not finished, as in `fasp`",
      },
    },
  ),
  ...rows(
    { readBy: RUBY },
    {
      DEFAULT_LOCALE: {
        owner: "standard of languages()",
        format: LOCALE,
        meaning: "the language of whoever has not chosen one; up to 4.3 whatever their browser asks for",
      },
      FORCE_DEFAULT_LOCALE: { owner: "always of languages()", since: "4.4", format: FLAG, meaning: "the browser is not asked" },
      ALLOWED_PRIVATE_ADDRESSES: {
        owner: "allowedPrivateAddresses of federation()",
        format: /^[0-9a-f.:/]+(,[0-9a-f.:/]+)*$/,
        meaning: "private addresses that it may fetch from all the same",
      },
      UPDATE_CHECK_URL: {
        since: "4.2",
        mayBeEmpty: true,
        format: /^(https:\/\/\S+)?$/,
        meaning: "where newer versions are asked for; empty asks nobody",
      },
      SOURCE_BASE_URL: {
        format: URL,
        meaning: "where this server's source is, if it is changed",
      },
      GITHUB_REPOSITORY: { format: /^[\w.-]+\/[\w.-]+$/, meaning: "the same at GitHub" },
      SOURCE_TAG: { unquoted: { since: "4.4" }, meaning: "the tag of that source" },
      SOURCE_COMMIT: { since: "4.4", format: /^[0-9a-f]{7,64}$/, meaning: "the commit of that source" },
      MASTODON_VERSION_PRERELEASE: {
        since: "4.2",
        format: /^[\w.-]+$/,
        meaning: "stands behind the version with a hyphen, in images of one's own",
      },
      MASTODON_VERSION_METADATA: {
        since: "4.2",
        format: /^[\w.-]+$/,
        meaning: "stands behind the version with a plus, in images of one's own",
      },
      HCAPTCHA_SITE_KEY: {
        since: "4.2",
        meaning: "a riddle before a new account",
      },
      HCAPTCHA_SECRET_KEY: {
        since: "4.2",
        secret: true,
        meaning: "its secret half",
      },
    },
  ),
  ...rows(
    { readBy: RUBY, format: COUNT },
    {
      MAX_SESSION_ACTIVATIONS: { meaning: "sessions of one account at once" },
      USER_ACTIVE_DAYS: { owner: "homeFeedDays of retention()", meaning: "days after which a home feed is no longer kept" },
      MAX_FOLLOWS_THRESHOLD: { meaning: "how many anyone may follow" },
      MAX_FOLLOWS_RATIO: { format: /^[0-9]+(\.[0-9]+)?$/, meaning: "and beyond that, how many for each follower" },
      IP_RETENTION_PERIOD: {
        owner: "addressDays of retention()",
        meaning: "seconds for which addresses of sign-ups and sessions are kept",
      },
      SESSION_RETENTION_PERIOD: { owner: "sessionDays of retention()", meaning: "seconds for which an unused session is kept" },
      MAX_REQUEST_POOL_SIZE: { meaning: "connections to other servers that a process keeps open" },
      EMAIL_DOMAIN_ALLOWLIST: { format: /^\S+$/, meaning: "the only mail domains that may sign up, with | between them" },
      EMAIL_DOMAIN_DENYLIST: { format: /^\S+$/, meaning: "mail domains that may not, with | between them" },
      EMAIL_DOMAIN_WHITELIST: { format: /^\S+$/, meaning: "EMAIL_DOMAIN_ALLOWLIST, an older name" },
      EMAIL_DOMAIN_BLACKLIST: { format: /^\S+$/, meaning: "EMAIL_DOMAIN_DENYLIST, an older name" },
      EMAIL_DOMAIN_LISTS_APPLY_AFTER_CONFIRMATION: { format: FLAG, meaning: "both count at every sign-in" },
      FETCH_REPLIES_ENABLED: { since: "4.4", until: "4.4", format: FLAG, meaning: "replies are fetched from other servers" },
      FETCH_REPLIES_COOLDOWN_MINUTES: { since: "4.4", until: "4.4", meaning: "minutes between two fetches for one post" },
      FETCH_REPLIES_INITIAL_WAIT_MINUTES: { since: "4.4", until: "4.4", format: NUMBER, meaning: "minutes before the first" },
      FETCH_REPLIES_MAX_GLOBAL: { since: "4.4", until: "4.4", meaning: "replies of a whole thread" },
      FETCH_REPLIES_MAX_SINGLE: { since: "4.4", until: "4.4", meaning: "replies of one post" },
      FETCH_REPLIES_MAX_PAGES: { since: "4.4", until: "4.4", meaning: "pages of replies" },
    },
  ),
  ...rows(
    { readBy: RUBY },
    {
      http_proxy: { owner: "http of outgoingProxy()", format: PROXY, meaning: "the way out to other servers" },
      http_hidden_proxy: { owner: "hidden of outgoingProxy()", format: PROXY, meaning: "the way out to hidden services" },
      ALLOW_ACCESS_TO_HIDDEN_SERVICE: {
        owner: "hidden of outgoingProxy()",
        format: FLAG,
        meaning: "hosts that end in .onion and .i2p may be asked",
      },
    },
  ),
  ...rows(
    { readBy: RUBY },
    {
      DEEPL_API_KEY: { owner: "key of deepL()", secret: true, meaning: "posts are translated by DeepL" },
      DEEPL_PLAN: { owner: "plan of deepL()", format: /^(free|pro)$/, meaning: "which of DeepL's hosts" },
      LIBRE_TRANSLATE_ENDPOINT: {
        owner: "endpoint of libreTranslate()",
        format: URL,
        meaning: "posts are translated by LibreTranslate",
      },
      LIBRE_TRANSLATE_API_KEY: { owner: "key of libreTranslate()", secret: true, meaning: "its key" },
    },
  ),
  ...rows(
    { readBy: ["web"], since: "4.3" },
    {
      DONATION_CAMPAIGNS_URL: { since: "4.6", format: URL, meaning: "where calls for donations come from" },
      DONATION_CAMPAIGNS_ENVIRONMENT: { since: "4.6", meaning: "which of them" },
    },
  ),
};
