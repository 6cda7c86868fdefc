// The drills in the order in which they are run: one more is one file and one line here.

import { postgresAway, redisAway } from "./away";
import { pgbouncerReload, pgbouncerRenewed, pgbouncerRestart, postgresRenewed, postgresRestart } from "./database";
import { postgresDiskFull, redisDiskFull } from "./disks";
import { Drill } from "./drill";
import { pgbouncerStopped, sidekiqStopped, streamingStopped, threadsBusy, threadsHung, webStopped, workerStopped } from "./hung";
import { overload } from "./overload";
import { growth, rollOut } from "./pools";
import { allPower } from "./power";
import { postgresCut, postgresLost } from "./promotion";
import { redisPartition, redisPower, sentinelPower } from "./redis";
import { replicaLags, replicaPower, replicaSlot } from "./replica";
import { schedulerRenewed, sidekiqPower } from "./sidekiq";
import { streamingPower, streamingProcess } from "./streaming";
import { webHang, webPower } from "./web";

export const DRILLS: readonly Drill[] = [
  // First: later all machines of Redis may be master of something.
  sentinelPower,
  ...redisPower,
  redisPartition,
  redisAway,
  webPower,
  webHang,
  webStopped,
  workerStopped,
  threadsHung,
  threadsBusy,
  overload,
  streamingProcess,
  streamingPower,
  streamingStopped,
  sidekiqPower,
  sidekiqStopped,
  schedulerRenewed,
  pgbouncerReload,
  pgbouncerRestart,
  pgbouncerRenewed,
  pgbouncerStopped,
  postgresRestart,
  postgresRenewed,
  postgresAway,
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
