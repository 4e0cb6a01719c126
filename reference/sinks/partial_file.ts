import { builtinModule } from "../local/builtin_module.ts";
import { nodeFs } from "../local/local_file.ts";
import { isAlive, processIdentity } from "./process_identity.ts";

/**
 * The name of a file in the making says what it will be and who makes it:
 * `<target>.<pid>-<identity of the process>-<random>.partial`.
 */
const PARTIAL = /^(.*)\.(\d+)-([0-9a-z]+)-([0-9a-f]{8})\.partial$/s;
/** Stands for a process that gave its file up: no process has it. */
const NOBODY = "0-0";

/** A file that somebody did not finish, or has not yet. */
export interface PartialFile {
  readonly path: string;
  /** Process that makes it. */
  readonly pid: number;
  /** Whether the process is still there, as far as is known. */
  readonly alive: boolean;
}

/** Whether a path is that of a file in the making. */
export function isPartialPath(path: string): boolean {
  return PARTIAL.test(path);
}

/** A new path for a file that this process makes of `target`. */
export function partialPath(target: string): string {
  return pathFor(target, processIdentity());
}

/** A path for a file that this process leaves to whoever goes on with it. */
export function abandonedPath(target: string): string {
  return pathFor(target, NOBODY);
}

function pathFor(target: string, owner: string): string {
  return `${target}.${owner}-${crypto.randomUUID().slice(0, 8)}.partial`;
}

/** The files in the making of `target`; none where the folder cannot be listed. */
export function findPartials(target: string): PartialFile[] {
  const { dirname, basename, join } = builtinModule("node:path", {
    what: target,
    action: "look for files",
  });
  const folder = dirname(target);
  const own = basename(target);
  let names: string[];
  try {
    names = nodeFs().readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const [, made, pid, identity] = PARTIAL.exec(name) ?? [];
    if (made !== own) return [];
    const alive = `${pid}-${identity}` !== NOBODY &&
      isAlive(Number(pid), identity);
    return [{ path: join(folder, name), pid: Number(pid), alive }];
  });
}
