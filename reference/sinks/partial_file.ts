import { builtinModule, nodeFs, processIdentity } from "../local/mod.ts";

/**
 * The name of a file in the making says what it will be and who makes it:
 * `<target>.<pid>-<identity of the process>-<random>.partial`. An `l` after the
 * identity says that the process locks the file for as long as it lives; `0-0`
 * is no process: it gave the file up.
 */
const PARTIAL =
  /^(.*)\.(?:0-0|(\d+)-([0-9a-z]{18})(l?))-[0-9a-f]{8}\.partial$/s;

/** The name of a file that somebody did not finish, or has not yet. */
export interface PartialName {
  readonly path: string;
  /** Process that makes it; undefined if it gave it up. */
  readonly pid: number | undefined;
  /** What tells the process from others of its number. */
  readonly identity: string;
  /** Whether it locks the file. */
  readonly locks: boolean;
}

/** Whether a path is that of a file in the making. */
export function isPartialPath(path: string): boolean {
  return PARTIAL.test(path);
}

/** A new path for a file that this process makes of `target`. */
export function partialPath(
  target: string,
  { locks }: { readonly locks: boolean },
): string {
  return pathFor(target, processIdentity() + (locks ? "l" : ""));
}

/** A path for a file that this process leaves to whoever goes on with it. */
export function abandonedPath(target: string): string {
  return pathFor(target, "0-0");
}

function pathFor(target: string, owner: string): string {
  return `${target}.${owner}-${crypto.randomUUID().slice(0, 8)}.partial`;
}

/** The files in the making of `target`; none where the folder cannot be listed. */
export function findPartials(target: string): PartialName[] {
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
    const [, made, pid, identity = "", lock] = PARTIAL.exec(name) ?? [];
    if (made !== own) return [];
    return [{
      path: join(folder, name),
      pid: pid === undefined ? undefined : Number(pid),
      identity,
      locks: lock === "l",
    }];
  });
}
