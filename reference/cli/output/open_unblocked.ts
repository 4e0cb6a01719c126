import { constants, openSync } from "node:fs";

/**
 * Opens a pipe or a terminal again so that writes to it never block, without
 * affecting other processes that share the descriptor. Returns undefined if
 * that is impossible: a socket, a pipe of another user, a system without
 * `/proc`.
 */
export function openUnblocked(fd: number): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}
