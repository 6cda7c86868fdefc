// The kernel's memory for sockets on this computer, in KiB: `kernelKib()`.

import { readFileSync } from "node:fs";

/** Caches of `/proc/slabinfo` that have an object for each socket, its file, its place in an epoll, or its tracked connection. */
const CACHES = ["TCP", "sock_inode_cache", "filp", "eventpoll_epi", "eventpoll_pwq", "nf_conntrack"];
/** Each socket has a dentry, of a cache in which files of disks come and go by themselves. */
const DENTRY_BYTES = 192;
const PAGE_KIB = 4;

export function kernelKib(slabinfo = readFileSync("/proc/slabinfo", "utf8")): number {
  const rows = slabinfo.split("\n").map((line) => line.split(/\s+/));
  const caches = rows.filter(([name]) => CACHES.includes(name!));
  // name, objects in use, objects, bytes of one, objects of a slab, pages of a slab, …, slabs in use, slabs
  const pages = caches.reduce((sum, row) => sum + Number(row[5]) * Number(row[14]), 0);
  const sockets = Number(caches.find(([name]) => name === "TCP")?.[1] ?? 0);
  return pages * PAGE_KIB + (sockets * DENTRY_BYTES) / 1024;
}
