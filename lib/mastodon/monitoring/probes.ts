// The paths of the public host names that are requested from outside through the front door.

/** Answered by Puma. */
export const PATH_OF_WEB = "/health";
/** Answered by a streaming process. */
export const PATH_OF_STREAMING = "/api/v1/streaming/health";
