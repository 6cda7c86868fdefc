// The drills in the order in which they are run: one more is one file and one line here.

import { postgresAway, redisAway } from "./away";
import { postgresDiskFull, redisDiskFull } from "./disks";
import { postgresCutFromPooler, postgresCutFromQuorum } from "./cuts";
import { Drill } from "./drill";
import { postgresCut, postgresFrozen, postgresPower } from "./failover";
import { pgbouncerStopped, sidekiqStopped, streamingStopped, threadsBusy, threadsHung, webStopped, workerStopped } from "./hung";
import { overload } from "./overload";
import { pgbouncerReload, pgbouncerRenewed, pgbouncerRestart } from "./pgbouncer";
import { growth, rollOut } from "./pools";
import { allPower } from "./power";
import { postgresKilled, postgresRenewed, postgresRestart, postgresSwitchover } from "./primary";
import { etcdEmpty, etcdLost, etcdRestarts, postgresAndQuorumLost } from "./quorum";
import { redisPartition, redisPower, sentinelPower } from "./redis";
import { replicaLags, replicaPower, replicaSlot } from "./replica";
import { schedulerRenewed, sidekiqPower } from "./sidekiq";
import { streamingPower, streamingProcess } from "./streaming";
import { webHang, webPower } from "./web";

export const DRILLS: readonly Drill[] = [
  // First: later all machines of Redis may be master of something.
  sentinelPower,
  postgresAndQuorumLost,
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
  postgresSwitchover,
  postgresKilled,
  postgresPower,
  postgresCut,
  postgresCutFromQuorum,
  postgresCutFromPooler,
  postgresFrozen,
  postgresRenewed,
  postgresAway,
  etcdRestarts,
  etcdLost,
  etcdEmpty,
  replicaPower,
  replicaLags,
  replicaSlot,
  postgresDiskFull,
  redisDiskFull,
  allPower,
  rollOut,
  growth,
];
