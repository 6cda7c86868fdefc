// What this host allows and a page may exceed.

/** Of a host name of the front door: HAProxy's machine has files that are called after it, and a file's name has 255 at most. */
export const HOST_LETTERS = 240;
/** Of a boot text: an environment variable, by which the driver gets it, holds 128 KiB of base64. */
export const BOOT_TEXT_BYTES = 96 * 1024;
