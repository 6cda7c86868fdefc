// The drills in the order in which they are run: one more is one file and one line here.

import { pgbouncerRenewed, pgbouncerRestart, postgresRenewed, postgresRestart } from "./database";
import { postgresDiskFull, redisDiskFull } from "./disks";
import { Drill } from "./drill";
import { growth, rollOut } from "./pools";
import { allPower } from "./power";
import { postgresCut, postgresLost } from "./promotion";
import { redisPartition, redisPower } from "./redis";
import { replicaLags, replicaPower, replicaSlot } from "./replica";
import { schedulerRenewed, sidekiqPower } from "./sidekiq";
import { streamingPower, streamingProcess } from "./streaming";
import { webHang, webPower } from "./web";

export const DRILLS: readonly Drill[] = [
  ...redisPower,
  redisPartition,
  webPower,
  webHang,
  streamingProcess,
  streamingPower,
  sidekiqPower,
  schedulerRenewed,
  pgbouncerRestart,
  pgbouncerRenewed,
  postgresRestart,
  postgresRenewed,
  postgresLost,
  postgresCut,
  replicaPower,
  replicaLags,
  replicaSlot,
  postgresDiskFull,
  redisDiskFull,
  allPower,
  rollOut,
  growth,
];
