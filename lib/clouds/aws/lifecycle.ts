// When AWS waits for a member of a pool, and for how long: the group has the hooks `LAUNCH` and `TERMINATE`, and member.sh completes them.

import { DEREGISTRATION_SECONDS } from "./limits";

/** A new member gets no requests before it has completed this hook, and is ended if it does not in `readySeconds`. */
export const LAUNCH = "launch";
/** A member that leaves is not ended before it has completed this hook. */
export const TERMINATE = "terminate";

/** How long a machine's services may take to stop; Sidekiq's jobs have a minute of it. */
const STOP_SECONDS = 180;
/** How long AWS waits for a member that leaves. One that hangs does not complete the hook, and AWS ends it after this. */
export const TERMINATE_SECONDS = DEREGISTRATION_SECONDS + STOP_SECONDS + 60;

/**
 * How long the provider waits until a group has no members, in minutes. Before AWS can end a member, a launch hook has to end that is still waited
 * for, then the load balancer deregisters it, and then the terminate hook ends. Ten minutes more for AWS itself.
 */
export function deleteMinutes(readySeconds: number): number {
  return Math.ceil((readySeconds + DEREGISTRATION_SECONDS + TERMINATE_SECONDS) / 60) + 10;
}
