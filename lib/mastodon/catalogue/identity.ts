// Who the server is, what it keeps secret, and how it meets others: domains, secrets, federation, languages, limits.

import { COUNT, FLAG, HOST, HOSTS, LOCALE, NUMBER, PROXY, Rows, rows, RUBY, URL } from "./row";

export const IDENTITY: Rows = {
  ...rows(
    { readBy: RUBY, source: "config/initializers/1_hosts.rb" },
    {
      LOCAL_DOMAIN: { format: HOST, meaning: "the part of a handle behind the @; can never change" },
      WEB_DOMAIN: { format: HOST, meaning: "the host of the web interface, if another than LOCAL_DOMAIN; can never change" },
      ALTERNATE_DOMAINS: { format: HOSTS, meaning: "further hosts that it answers to" },
      STREAMING_API_BASE_URL: {
        format: /^wss:\/\/[a-z0-9.-]+$/,
        meaning: "where browsers find streaming, if not at the web host",
      },
    },
  ),
  ...rows(
    { readBy: RUBY, secret: true, source: "config/initializers/active_record_encryption.rb" },
    {
      SECRET_KEY_BASE: { meaning: "signs sessions; a change logs everyone out", source: "Rails" },
      OTP_SECRET: {
        spans: { web: { until: "4.3" }, sidekiq: { until: "4.3" } },
        meaning: "encrypts second factors; mandatory up to 4.3, and later for a migration that an upgrade from 4.2 runs",
        source: "config/environments, db/post_migrate/20240307180905_migrate_devise_two_factor_secrets.rb",
      },
      ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: { since: "4.3", meaning: "encrypts columns; a change loses data" },
      ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: { since: "4.3", meaning: "encrypts columns; a change loses data" },
      ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: { since: "4.3", meaning: "encrypts columns; a change loses data" },
    },
  ),
  ...rows(
    { readBy: ["web", "sidekiq"], source: "config/initializers/vapid.rb" },
    {
      VAPID_PRIVATE_KEY: { secret: true, meaning: "signs web push; a change ends all subscriptions" },
      VAPID_PUBLIC_KEY: { meaning: "its public half" },
    },
  ),
  ...rows(
    { readBy: [...RUBY, "streaming"], format: FLAG, source: "config/initializers/2_limited_federation_mode.rb" },
    {
      LIMITED_FEDERATION_MODE: {
        spans: { streaming: { until: "4.1" } },
        meaning: "federates with allowed servers only, and shows nothing to whoever is not signed in",
      },
      AUTHORIZED_FETCH: {
        spans: { streaming: { until: "4.1" } },
        meaning: "other servers must sign what they fetch",
        source: "app/helpers/authorized_fetch_helper.rb",
      },
    },
  ),
  ...rows(
    { readBy: RUBY, format: FLAG, source: "config/application.rb" },
    {
      SINGLE_USER_MODE: { meaning: "the front page is the first account's profile" },
      DISALLOW_UNAUTHENTICATED_API_ACCESS: { meaning: "the API answers nobody who is not signed in" },
      DISABLE_FOLLOWERS_SYNCHRONIZATION: { meaning: "lists of followers are not compared with other servers'" },
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
    { readBy: RUBY, source: "config/initializers/locale.rb" },
    {
      DEFAULT_LOCALE: {
        format: LOCALE,
        meaning: "the language of whoever has not chosen one; up to 4.3 whatever their browser asks for",
      },
      FORCE_DEFAULT_LOCALE: { since: "4.4", format: FLAG, meaning: "the browser is not asked" },
      ALLOWED_PRIVATE_ADDRESSES: {
        format: /^[0-9a-f.:/]+(,[0-9a-f.:/]+)*$/,
        meaning: "private addresses that it may fetch from all the same",
        source: "lib/private_address_check.rb",
      },
      UPDATE_CHECK_URL: {
        since: "4.2",
        mayBeEmpty: true,
        format: /^(https:\/\/\S+)?$/,
        meaning: "where newer versions are asked for; empty asks nobody",
        source: "app/services/software_update_check_service.rb",
      },
      SOURCE_BASE_URL: {
        format: URL,
        meaning: "where this server's source is, if it is changed",
        source: "lib/mastodon/version.rb",
      },
      GITHUB_REPOSITORY: { format: /^[\w.-]+\/[\w.-]+$/, meaning: "the same at GitHub", source: "lib/mastodon/version.rb" },
      SOURCE_TAG: { meaning: "the tag of that source", source: "lib/mastodon/version.rb" },
      HCAPTCHA_SITE_KEY: {
        since: "4.2",
        meaning: "a riddle before a new account",
        source: "app/controllers/concerns/captcha_concern.rb",
      },
      HCAPTCHA_SECRET_KEY: {
        since: "4.2",
        secret: true,
        meaning: "its secret half",
        source: "app/controllers/concerns/captcha_concern.rb",
      },
    },
  ),
  ...rows(
    { readBy: RUBY, format: COUNT, source: "app/models" },
    {
      MAX_SESSION_ACTIVATIONS: { meaning: "sessions of one account at once" },
      USER_ACTIVE_DAYS: { meaning: "days after which a home feed is no longer kept" },
      MAX_FOLLOWS_THRESHOLD: { meaning: "how many anyone may follow" },
      MAX_FOLLOWS_RATIO: { format: /^[0-9]+(\.[0-9]+)?$/, meaning: "and beyond that, how many for each follower" },
      IP_RETENTION_PERIOD: { meaning: "seconds for which addresses of sign-ups and sessions are kept" },
      SESSION_RETENTION_PERIOD: { meaning: "seconds for which an unused session is kept" },
      MAX_REQUEST_POOL_SIZE: { meaning: "connections to other servers that a process keeps open" },
      EMAIL_DOMAIN_ALLOWLIST: { format: /^\S+$/, meaning: "the only mail domains that may sign up, with | between them" },
      EMAIL_DOMAIN_DENYLIST: { format: /^\S+$/, meaning: "mail domains that may not, with | between them" },
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
    { readBy: RUBY, source: "config/initializers/http_client_proxy.rb" },
    {
      http_proxy: { format: PROXY, meaning: "the way out to other servers" },
      http_hidden_proxy: { format: PROXY, meaning: "the way out to hidden services" },
      ALLOW_ACCESS_TO_HIDDEN_SERVICE: { format: FLAG, meaning: "hosts that end in .onion and .i2p may be asked" },
    },
  ),
  ...rows(
    { readBy: RUBY, source: "app/lib/translation_service.rb" },
    {
      DEEPL_API_KEY: { secret: true, meaning: "posts are translated by DeepL" },
      DEEPL_PLAN: { format: /^(free|pro)$/, meaning: "which of DeepL's hosts" },
      LIBRE_TRANSLATE_ENDPOINT: { format: URL, meaning: "posts are translated by LibreTranslate" },
      LIBRE_TRANSLATE_API_KEY: { secret: true, meaning: "its key" },
    },
  ),
  ...rows(
    { readBy: ["web"], source: "app/controllers/api/v1/donation_campaigns_controller.rb", since: "4.3" },
    {
      DONATION_CAMPAIGNS_URL: { since: "4.6", format: URL, meaning: "where calls for donations come from" },
      DONATION_CAMPAIGNS_ENVIRONMENT: { since: "4.6", meaning: "which of them" },
    },
  ),
};
