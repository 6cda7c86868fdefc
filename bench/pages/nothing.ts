// What every page of ours costs before it makes anything: the process, tsx, and what a page imports.

import "cdktf";
import "cdktf-mastodon";
import "cdktf-mastodon/local";
