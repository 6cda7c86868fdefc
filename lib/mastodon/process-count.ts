// How many processes and threads fit a machine: `pumaOf(Size.of({ cpus: 4, gib: 8 }))` is `{ processes: 4, threads: 5 }`. The tiers take these
// numbers where the page gives none, and the connections, the queue before Puma and the checks of PgBouncer follow from what the tiers take.
//
// A process of Ruby or Node uses one processor at most, since Ruby's lock lets one of its threads run at a time. So there is one process per CPU, as
// far as the memory allows, and at least one. Threads help only while others wait for the database, Redis or other servers.

import { Size } from "../core/size";

export interface ProcessCount {
  readonly processes: number;
  /** Of each process. */
  readonly threads: number;
}

/** The most processes of a machine: the limit of the props, and of what a size gives. */
export const MOST_PROCESSES = { web: 64, sidekiq: 16, streaming: 16 } as const;

/** Debian, nginx, HAProxy and podman. An estimate. */
const SYSTEM_MIB = 512;

// Mastodon's own default, and not fewer: `npm run bench -- puma-size` shows that one process with 3 serves next to nothing while two requests wait for
// other servers, and with 5 all. One thread of the machine is reserved for health checks. It also compares what more threads carry.
const PUMA_THREADS = 5;
// A process of 5 threads takes 500 MiB. mastodon.technology used 2.2 GB in all for 4 x 8 threads of Puma, Sidekiq and the rest
// (`Resources-needed.md` of mastodon/documentation, 2017). A thread's share is an estimate: 10 MB were measured in a small Rails application
// (thoughtbot/suspenders#630).
const PUMA_MIB = 400;
const PUMA_THREAD_MIB = 20;

// Operators report no benefit above 25 to 30 threads (vmst.io's public notes). Below 5, a few slow servers would stop all deliveries.
const SIDEKIQ_THREADS = { least: 5, most: 25 };
// 325 MB were seen on a server with one user (mastodon/mastodon#15440). A thread's share is an estimate; jobs hold less at a time than pages.
const SIDEKIQ_MIB = 300;
const SIDEKIQ_THREAD_MIB = 10;

// An estimate for 200 connections. Without any it took about 40 MB (mastodon/mastodon#10032).
const STREAMING_MIB = 256;

/**
 * Puma's processes and threads.
 * @param given what the page says: the threads, and the streaming processes on the same machine
 */
export function pumaOf(size: Size, given: { readonly threads?: number; readonly streaming?: number } = {}): ProcessCount {
  const threads = given.threads ?? PUMA_THREADS;
  const mib = mibOf(size) - (given.streaming ?? 0) * STREAMING_MIB;
  return { processes: fitting(size, mib / processMib(threads), MOST_PROCESSES.web), threads };
}

/** What all of Puma's processes take. */
export function gibOfPuma({ processes, threads }: ProcessCount): number {
  return (processes * processMib(threads)) / 1024;
}

/** One process of Puma. */
function processMib(threads: number): number {
  return PUMA_MIB + threads * PUMA_THREAD_MIB;
}

/**
 * Sidekiq's processes and threads. Of a machine too small for one process of 25 threads, the threads are as many as fit, at least 5.
 * @param given what the page says: the threads; and whether only one process may run, as with the queue `scheduler`
 */
export function sidekiqOf(size: Size, given: { readonly threads?: number; readonly alone?: boolean } = {}): ProcessCount {
  const inMemory = Math.floor((mibOf(size) - SIDEKIQ_MIB) / SIDEKIQ_THREAD_MIB);
  const threads = given.threads ?? Math.max(SIDEKIQ_THREADS.least, Math.min(SIDEKIQ_THREADS.most, inMemory));
  const processes = fitting(size, mibOf(size) / (SIDEKIQ_MIB + threads * SIDEKIQ_THREAD_MIB), MOST_PROCESSES.sidekiq);
  return { processes: given.alone === true ? 1 : processes, threads };
}

/** Streaming's processes. Node has no threads to choose. */
export function streamingOf(size: Size): number {
  return fitting(size, mibOf(size) / STREAMING_MIB, MOST_PROCESSES.streaming);
}

/** What the processes of a machine may take. */
function mibOf({ gib }: Size): number {
  return gib * 1024 - SYSTEM_MIB;
}

/** One if the page's own numbers are none: the tier reports those. */
function fitting({ cpus }: Size, inMemory: number, most: number): number {
  return Math.max(1, Math.min(cpus, Math.floor(inMemory), most) || 1);
}
