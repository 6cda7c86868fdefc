// The drills in the order in which they are run: one more is one file and one line here.

import { Drill } from "./drill";
import { webHang, webPower } from "./web";

export const DRILLS: readonly Drill[] = [webPower, webHang];
