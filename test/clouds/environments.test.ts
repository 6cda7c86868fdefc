import { checkEnvironments } from "../mastodon/environments";
import { MIXES } from "../mastodon/mixes";

checkEnvironments(MIXES);
