import { builtinModule, nodeFs, processIdentity } from "../local/mod.ts";

/**
 * The name of an unfinished file contains its target and its process:
 * `<target>.<pid>-<identity of the process>-<random>.partial`. An `l` after the
 * identity means that the process keeps the file locked; `0-0` in place of a
 * process means that the file was abandoned.
 */
const PARTIAL =
  /^(.*)\.(?:0-0|(\d+)-([0-9a-z]{18})(l?))-[0-9a-f]{8}\.partial$/s;

/** Parsed name of an unfinished file. */
export interface PartialName {
  readonly path: string;
  /** Process that writes it; undefined if it was abandoned. */
  readonly pid: number | undefined;
  /** Distinguishes the process from others with the same pid. */
  readonly identity: string;
  /** Whether the process locks it. */
  readonly locks: boolean;
}

/** Whether a path is that of an unfinished file. */
export function isPartialPath(path: string): boolean {
  return PARTIAL.test(path);
}

/** Returns a new path for an unfinished file of `target` of this process. */
export function partialPath(
  target: string,
  { locks }: { readonly locks: boolean },
): string {
  return pathFor(target, processIdentity() + (locks ? "l" : ""));
}

/**
 * Returns a path for a file that this process abandons, to be resumed later.
 */
export function abandonedPath(target: string): string {
  return pathFor(target, "0-0");
}

function pathFor(target: string, owner: string): string {
  return `${target}.${owner}-${crypto.randomUUID().slice(0, 8)}.partial`;
}

/**
 * Returns the unfinished files of `target`; none if the folder cannot be
 * listed.
 */
export function findPartials(target: string): PartialName[] {
  const { dirname, basename, join } = builtinModule("node:path", {
    what: target,
    action: "list files",
  });
  const folder = dirname(target);
  const targetName = basename(target);
  let names: string[];
  try {
    names = nodeFs().readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const [, madeFor, pid, identity = "", lock] = PARTIAL.exec(name) ?? [];
    if (madeFor !== targetName) return [];
    return [{
      path: join(folder, name),
      pid: pid === undefined ? undefined : Number(pid),
      identity,
      locks: lock === "l",
    }];
  });
}
