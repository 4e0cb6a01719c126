import { builtinModule } from "./builtin_module.ts";
import { mayAsk } from "./may_ask.ts";
import { nodeFs } from "./node_fs.ts";

const USE = { what: "processes", action: "ask for processes" };

/** Characters of each part of an identity. */
const PART = 6;
const UNKNOWN = "0".repeat(PART);

/** What is known of a process by its number and identity. */
export type Liveness =
  /** It is there, or a process that cannot be told from it. */
  | "alive"
  /** It has ended. */
  | "dead"
  /** It is of this kernel, in another name space of process numbers. */
  | "elsewhere"
  /** It may be of another kernel: another host, or this one before it started. */
  | "unknown";

let own: string | undefined;

/**
 * This process among all that ever had its number: `<pid>-<identity>`. The
 * identity is made of the kernel that runs it, the name space that its number is
 * of, and the time it was started.
 */
export function processIdentity(): string {
  const { pid } = builtinModule("node:process", USE);
  own ??= `${pid}-${kernelCode()}${namespaceCode()}${startCode(pid)}`;
  return own;
}

/** Whether a process is still there, as far as this one can see. */
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
    const { code } = error as { readonly code?: string };
    return code === "ESRCH" ? "dead" : "alive";
  }
  // A process of that number, but is it the same one?
  const now = startCode(pid);
  const isSame = start === UNKNOWN || now === UNKNOWN || start === now;
  return isSame ? "alive" : "dead";
}

/**
 * The kernel since it was started. Two hosts may have one name, and containers
 * often do: where the kernel does not tell, it is not known.
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

/** The name space of process numbers; one for all where there are none. */
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

/** Tells processes of the same number apart, by when they were started. */
function startCode(pid: number): string {
  const path = `/proc/${pid}/stat`;
  if (!mayAsk({ name: "read", path })) return UNKNOWN;
  try {
    const stat = nodeFs().readFileSync(path, "utf8");
    // After the name, which may hold anything; field 22 of all.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return code(fields[19] ?? "");
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

/** Six letters and digits of a text (FNV-1a). */
function code(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(36).padStart(PART, "0").slice(-PART);
}
