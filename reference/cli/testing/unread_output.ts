import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Kinds of output that is not read: see `unread_output.py`. */
export type Unread =
  | "pipe"
  | "socket"
  | "terminal"
  | "left"
  | "closed"
  | `late:${string}`;

const PROGRAM = fileURLToPath(new URL("unread_output.py", import.meta.url));

/** Whether Python has the modules that {@linkcode unread} needs. */
const CAN_LEAVE_UNREAD =
  spawnSync("python3", ["-c", "import fcntl, pty"]).status === 0;

/** Options of a test that uses {@linkcode unread}. */
export const UNREAD_TEST = {
  timeout: 300_000,
  skip: CAN_LEAVE_UNREAD ? false : "there is no python3 with fcntl and pty",
};

/**
 * Returns the start of a command line that runs a program with standard output
 * (1), standard error (2), or both (12) unread.
 */
export function unread(how: Unread, descriptors: 1 | 2 | 12): string[] {
  return ["python3", PROGRAM, how, String(descriptors)];
}
