import { builtinModule } from "../local/builtin_module.ts";
import { nodeFs } from "../local/local_file.ts";
import { mayAsk } from "./may_ask.ts";

const USE = { what: "processes", action: "ask for processes" };

let own: string | undefined;

/**
 * This process among all that ever had its number: `<pid>-<identity>`, of small
 * letters and digits.
 */
export function processIdentity(): string {
  const { pid } = builtinModule("node:process", USE);
  own ??= `${pid}-${hostCode()}${startCode(pid)}`;
  return own;
}

/**
 * Whether a process is still there. Where that is not known, because another
 * computer wrote the name or the runtime may not ask, it counts as there.
 */
export function isAlive(pid: number, identity: string): boolean {
  const host = hostCode();
  if (!identity.startsWith(host)) return true;
  if (!mayAsk({ name: "run" })) return true;
  const { kill } = builtinModule("node:process", USE);
  try {
    kill(pid, 0);
  } catch (error) {
    return (error as { readonly code?: string }).code !== "ESRCH";
  }
  // A process of that number, but is it the same one?
  const start = identity.slice(host.length);
  const now = startCode(pid);
  return start === UNKNOWN || now === UNKNOWN || start === now;
}

const UNKNOWN = "0";

/** Tells computers apart that share a file system. */
function hostCode(): string {
  if (!mayAsk({ name: "sys", kind: "hostname" })) return code("");
  try {
    return code(builtinModule("node:os", USE).hostname());
  } catch {
    return code(""); // It has no name.
  }
}

/** Tells processes of the same number apart, by when they were started. */
function startCode(pid: number): string {
  const path = `/proc/${pid}/stat`;
  if (!mayAsk({ name: "read", path })) return UNKNOWN;
  try {
    const { readFileSync } = nodeFs();
    const stat = readFileSync(path, "utf8");
    // Behind the name, which may hold anything; field 22 of all.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return code(`${boot} ${fields[19]}`);
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
  return (hash >>> 0).toString(36).padStart(7, "0").slice(-6);
}
