// Who asks, and what a stream's name means for them.

export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const OWNER = `
  SELECT tokens.id, tokens.scopes, users.account_id
  FROM oauth_access_tokens AS tokens
  JOIN users ON users.id = tokens.resource_owner_id
  WHERE tokens.token = $1 AND tokens.revoked_at IS NULL
  LIMIT 1`;

/** The token may come in a header, in the address or, from browsers, as the WebSocket's protocol. */
export function tokenOf(request, url) {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "");
  return bearer?.[1] || url.searchParams.get("access_token") || request.headers["sec-websocket-protocol"];
}

/** A query with parameters but without a name passes through a pooler by transaction. */
export async function authenticate(database, token) {
  if (!token) throw new Refusal(401, "Missing access token");
  const { rows } = await database.query(OWNER, [token]);
  if (rows.length === 0) throw new Refusal(401, "Invalid access token");
  return { accountId: rows[0].account_id, scopes: (rows[0].scopes ?? "").split(" ") };
}

export const STREAMS = ["user", "user:notification", "public", "public:local", "public:remote"];

export function channelOf(stream, account) {
  if (!STREAMS.includes(stream)) throw new Refusal(400, "Unknown stream type");
  const wanted = stream === "user:notification" ? "read:notifications" : "read:statuses";
  if (!account.scopes.some((scope) => scope === "read" || scope === wanted)) {
    throw new Refusal(401, "Access token does not have the required scopes");
  }
  if (stream.startsWith("user")) return `timeline:${account.accountId}`;
  return `timeline:${stream}`;
}

/** What of a channel belongs to the stream. */
export function passes(stream, event) {
  return stream !== "user:notification" || event === "notification";
}
