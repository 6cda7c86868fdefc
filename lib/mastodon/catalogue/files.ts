// Files of people: object stores, what browsers are told of them, caches in front, and the programs that turn them.

import { BOOLEAN, COUNT, FILE, FLAG, HOST_AND_PATH, NUMBER, ORIGIN, Rows, rows, RUBY, URL } from "./row";

/** Amazon is stricter; `objects` knows whose it is. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;
const WHEN = /^when_(required|supported)$/;

export const FILES: Rows = {
  ...rows(
    { readBy: RUBY },
    {
      S3_ENABLED: { owner: "objects", format: FLAG, meaning: "files are kept in an object store" },
      S3_BUCKET: { owner: "objects", format: BUCKET, meaning: "the bucket" },
      S3_REGION: { owner: "objects", meaning: "its region" },
      S3_ENDPOINT: {
        owner: "objects",
        format: ORIGIN,
        meaning: "the store, if not Amazon's; then the bucket is in the path",
      },
      S3_OVERRIDE_PATH_STYLE: { format: FLAG, meaning: "the bucket is in the host all the same" },
      S3_PROTOCOL: { format: /^https?$/, meaning: "how browsers get files" },
      S3_HOSTNAME: {
        owner: "hostname of objects",
        format: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?$/,
        meaning: "the store's host for browsers; unset, their policy forbids the files",
      },
      S3_ALIAS_HOST: {
        owner: "aliasHost of objects",
        format: HOST_AND_PATH,
        meaning: "the host that has the bucket's files at its root",
      },
      S3_CLOUDFRONT_HOST: { owner: "aliasHost of objects", format: HOST_AND_PATH, meaning: "the same, an older name" },
      S3_PERMISSION: {
        owner: "access of objects",
        mayBeEmpty: true,
        format: /^(|private|public-read)$/,
        meaning: "the access list of each file; empty sends none",
      },
      S3_SIGNATURE_VERSION: { format: /^(s3|v4)$/, meaning: "how requests are signed" },
      S3_OPEN_TIMEOUT: { format: COUNT, meaning: "seconds to connect" },
      S3_READ_TIMEOUT: { format: COUNT, meaning: "seconds to wait" },
      S3_FORCE_SINGLE_REQUEST: { format: FLAG, meaning: "one file, one request, also when it is large" },
      S3_MULTIPART_THRESHOLD: { format: COUNT, meaning: "bytes from which a file is sent in parts" },
      S3_STORAGE_CLASS: { since: "4.2", format: /^[A-Z_]+$/, meaning: "how the store keeps a file" },
      S3_ENABLE_CHECKSUM_MODE: { since: "4.2", format: FLAG, meaning: "what is read is checked" },
      S3_RETRY_LIMIT: { since: "4.3", format: NUMBER, meaning: "how often a request is made again" },
      S3_KEY_PREFIX: { since: "4.3", meaning: "a folder of the bucket" },
      S3_BATCH_DELETE_LIMIT: { since: "4.3", format: COUNT, meaning: "files deleted with one request" },
      S3_BATCH_DELETE_RETRY: { since: "4.3", format: NUMBER, meaning: "how often that is tried again" },
      AWS_ACCESS_KEY_ID: { owner: "objects", meaning: "the store's key; without it the machine's own role is asked" },
      AWS_SECRET_ACCESS_KEY: { owner: "objects", secret: true, meaning: "its secret half" },
      AWS_REQUEST_CHECKSUM_CALCULATION: {
        owner: "takesChecksums of objects",
        format: WHEN,
        meaning: "whether uploads carry checksums that stores other than Amazon's may refuse",
        source: "aws-sdk-core",
      },
      AWS_RESPONSE_CHECKSUM_VALIDATION: {
        owner: "takesChecksums of objects",
        format: WHEN,
        meaning: "the same for downloads",
        source: "aws-sdk-core",
      },
      AWS_SESSION_TOKEN: {
        secret: true,
        meaning: "goes with a key that is valid for some hours only, and files are out of reach afterwards",
        source: "aws-sdk-core",
      },
      AWS_ROLE_ARN: {
        fixed: "it needs AWS_WEB_IDENTITY_TOKEN_FILE, a file that nothing brings to the machines and nothing renews",
        meaning: "the role whose keys are fetched with a token",
        source: "aws-sdk-core",
      },
      AWS_CA_BUNDLE: {
        format: FILE,
        fixed: "it names a file that nothing brings to the machines",
        meaning: "whom the store's client trusts, in the place of the public authorities",
        source: "aws-sdk-core",
      },
      AWS_WEB_IDENTITY_TOKEN_FILE: {
        format: FILE,
        fixed: "it names a file that nothing brings to the machines and nothing renews",
        meaning: "the token for AWS_ROLE_ARN, as Kubernetes puts it into a container",
        source: "aws-sdk-core",
      },
      SWIFT_ENABLED: { format: FLAG, meaning: "files are kept in OpenStack's Swift" },
      SWIFT_USERNAME: { owner: "user of swiftObjects()", meaning: "its user" },
      SWIFT_PASSWORD: { owner: "password of swiftObjects()", secret: true, meaning: "its password" },
      SWIFT_TENANT: { meaning: "its project's name, which older servers ask for" },
      SWIFT_PROJECT_ID: { owner: "projectId of swiftObjects()", meaning: "its project" },
      SWIFT_TEMP_URL_KEY: {
        owner: "temporaryUrlKey of swiftObjects()",
        since: "4.1.2",
        secret: true,
        meaning:
          "signs addresses of files that are not for everybody; without it people's archives are open to whoever has the address",
      },
      SWIFT_DOMAIN_NAME: { owner: "domain of swiftObjects()", meaning: "its user's domain" },
      SWIFT_AUTH_URL: { owner: "authUrl of swiftObjects()", format: URL, meaning: "Keystone" },
      SWIFT_CONTAINER: { owner: "container of swiftObjects()", meaning: "the container" },
      SWIFT_REGION: { owner: "region of swiftObjects()", meaning: "its region" },
      SWIFT_OBJECT_URL: { owner: "objectUrl of swiftObjects()", format: URL, meaning: "where browsers find the container" },
      SWIFT_CACHE_TTL: { format: COUNT, meaning: "seconds for which a session is kept" },
      AZURE_ENABLED: { since: "4.2", format: FLAG, meaning: "files are kept in Azure's blob storage" },
      AZURE_STORAGE_ACCOUNT: { since: "4.2", meaning: "its account" },
      AZURE_STORAGE_ACCESS_KEY: { since: "4.2", secret: true, meaning: "its key" },
      AZURE_CONTAINER_NAME: { since: "4.2", meaning: "the container" },
      AZURE_ALIAS_HOST: { since: "4.2", format: HOST_AND_PATH, meaning: "the host that has its files" },
      PAPERCLIP_ROOT_PATH: { format: FILE, meaning: "where files lie on the machine itself" },
      PAPERCLIP_ROOT_URL: { meaning: "and their path for browsers" },
    },
  ),
  ...rows(
    { readBy: RUBY },
    {
      CDN_HOST: {
        owner: "assets of cdn()",
        format: ORIGIN,
        meaning: "where browsers get scripts, styles and fonts; no files of people",
      },
      EXTRA_MEDIA_HOSTS: {
        owner: "mediaHosts of cdn()",
        since: "4.4",
        format: /^https:\/\/[\w.-]+(:[0-9]+)?(,https:\/\/[\w.-]+(:[0-9]+)?)*$/,
        meaning: "further hosts from which browsers may load files",
      },
    },
  ),
  ...rows(
    { readBy: RUBY },
    {
      CACHE_BUSTER_ENABLED: { owner: "purge of cdn()", format: FLAG, meaning: "a cache is told of every file that is deleted" },
      CACHE_BUSTER_HTTP_METHOD: {
        owner: "purge of cdn()",
        since: "4.2",
        format: /^[A-Z]+$/,
        meaning: "the method of that request",
      },
      CACHE_BUSTER_SECRET_HEADER: { owner: "purge of cdn()", format: /^[\w-]+$/, meaning: "the header that proves who asks" },
      CACHE_BUSTER_SECRET: { owner: "purge of cdn()", secret: true, meaning: "its value" },
    },
  ),
  ...rows(
    { readBy: RUBY },
    {
      FFMPEG_BINARY: { format: /^\S+$/, meaning: "another ffmpeg" },
      FFPROBE_BINARY: { since: ["4.1.17", "4.2.9"], format: /^\S+$/, meaning: "another ffprobe" },
      MASTODON_USE_LIBVIPS: {
        since: "4.3",
        until: "4.5",
        format: BOOLEAN,
        meaning: "pictures are turned by libvips; from 4.6 on always",
      },
    },
  ),
};
