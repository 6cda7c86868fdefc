// Tags by which people, bills, gates and members find what belongs to a site or a pool.

/** The tag with the site's name. */
export const SITE_TAG = "cdktf-mastodon:site";
/** The tag with the name of a pool, on its members and groups of every generation; see gate.mjs. */
export const POOL_TAG = "cdktf-mastodon:pool";
