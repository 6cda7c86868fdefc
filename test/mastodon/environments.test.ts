// Every two choices of a page together; test/clouds/environments.test.ts has all mixes, which take five times as long.

import { checkEnvironments } from "./environments";
import { PAIRS } from "./mixes";

checkEnvironments(PAIRS);
