// Limits of the local cloud.

/** The longest host name of the front door: files of HAProxy's machine are named after it, and file names are limited to 255 characters. */
export const HOST_LETTERS = 240;
/** The largest boot text: the driver gets it in an environment variable, which can hold 128 KiB of base64. */
export const BOOT_TEXT_BYTES = 96 * 1024;
