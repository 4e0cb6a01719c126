import { builtinModule, nodeFs } from "./builtin_module.ts";
import { errorCode } from "../sources/mod.ts";
import { mayAsk } from "../work/mod.ts";

const USE = { what: "processes", action: "look up processes" };

/** Length in characters of each part of an identity. */
const PART = 6;
const UNKNOWN = "0".repeat(PART);
/** The code of a process that has ended; equal to no other. */
const ENDED = "";

/** What is known of a process by its pid and identity. */
export type Liveness =
  /** It exists, or another process that cannot be distinguished from it. */
  | "alive"
  /** It has ended. */
  | "dead"
  /** It runs on this kernel, in another pid namespace. */
  | "elsewhere"
  /** It may be of another kernel: another host, or this one before a reboot. */
  | "unknown";

let cached: string | undefined;

/**
 * Returns `<pid>-<identity>` of this process. The identity distinguishes it
 * from all other processes with that pid; it consists of codes of the kernel,
 * the pid namespace, and the start time.
 */
export function processIdentity(): string {
  const { pid } = builtinModule("node:process", USE);
  cached ??= `${pid}-${kernelCode()}${namespaceCode()}${startCode(pid)}`;
  return cached;
}

/** Returns whether a process still exists, as far as this process can see. */
export function livenessOf(pid: number, identity: string): Liveness {
  const [kernel, namespace, start] = [0, PART, 2 * PART].map((at) =>
    identity.slice(at, at + PART)
  );
  if (identity.length !== 3 * PART) return "unknown";
  if (kernel === UNKNOWN || namespace === UNKNOWN) return "unknown";
  if (kernel !== kernelCode()) return "unknown";
  if (namespace !== namespaceCode()) return "elsewhere";
  if (!mayAsk({ name: "run" })) return "unknown";
  const { kill } = builtinModule("node:process", USE);
  try {
    kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "ESRCH" ? "dead" : "alive";
  }
  // A process with that pid exists, but it may be another one.
  const now = startCode(pid);
  const isSame = start === UNKNOWN || now === UNKNOWN || start === now;
  return isSame ? "alive" : "dead";
}

/**
 * Returns a code of the running kernel. On Linux this is the boot id only:
 * hosts, and even more so containers, may share a name.
 */
function kernelCode(): string {
  if (builtinModule("node:process", USE).platform === "linux") {
    return codeOfFile("/proc/sys/kernel/random/boot_id");
  }
  if (!mayAsk({ name: "sys", kind: "hostname" })) return UNKNOWN;
  try {
    return code(builtinModule("node:os", USE).hostname());
  } catch {
    return UNKNOWN; // It has no name.
  }
}

/** Returns a code of the pid namespace; a constant where there are none. */
function namespaceCode(): string {
  if (builtinModule("node:process", USE).platform !== "linux") return code("");
  const path = "/proc/self/ns/pid";
  if (!mayAsk({ name: "read", path })) return UNKNOWN;
  try {
    return code(nodeFs().readlinkSync(path));
  } catch {
    return UNKNOWN;
  }
}

/** Returns a code of the start time, which distinguishes reuses of a pid. */
function startCode(pid: number): string {
  const path = `/proc/${pid}/stat`;
  if (!mayAsk({ name: "read", path })) return UNKNOWN;
  try {
    const stat = nodeFs().readFileSync(path, "utf8");
    // The name may contain anything, so split after it; this is field 22.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended, even if its parent never asks for its exit code.
    return fields[0] === "Z" ? ENDED : code(fields[19] ?? "");
  } catch {
    return UNKNOWN;
  }
}

function codeOfFile(path: string): string {
  if (!mayAsk({ name: "read", path })) return UNKNOWN;
  try {
    return code(nodeFs().readFileSync(path, "utf8"));
  } catch {
    return UNKNOWN;
  }
}

/** Returns a hash of a text (FNV-1a) as six letters and digits. */
function code(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(36).padStart(PART, "0").slice(-PART);
}

/**
 * Returns the user whose rights this process has; undefined if there are no
 * users, or the runtime may not ask.
 */
export function ownUser(): number | undefined {
  if (!mayAsk({ name: "sys", kind: "uid" })) return undefined;
  const use = { what: "users", action: "look up the user" };
  return builtinModule("node:process", use).geteuid?.();
}
