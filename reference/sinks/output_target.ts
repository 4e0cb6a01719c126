import type { Stats } from "node:fs";
import {
  builtinModule,
  fileError,
  nodeFs,
  notSeekable,
  ownUser,
} from "../local/mod.ts";
import { errorCode, SourceError } from "../sources/mod.ts";

/** Maximum number of links followed, as in Linux. */
const LINKS_MAX = 40;

/** Place where a file is written. */
export interface OutputTarget {
  /** Its path from the root, with symbolic links resolved. */
  readonly path: string;
  /** The existing file, if any. */
  readonly stat: Stats | undefined;
}

/**
 * Resolves the path of an output file. A symbolic link is followed to its
 * target, which is the file that is replaced. A link is refused if it is
 * dangling, or if its owner is neither this user, nor root, nor the owner of
 * the target.
 *
 * @throws {SourceError} if the path is such a link, or not that of a regular
 * file
 */
export function outputTarget(name: string): OutputTarget {
  const target = follow(name, isFolderName(name) ? name : physicalPath(name));
  const { stat } = target;
  if (stat !== undefined && !stat.isFile()) {
    throw notSeekable("write", name, stat);
  }
  return target;
}

/**
 * Resolves the path of a folder to write files into, which need not exist.
 * Links are refused as by {@linkcode outputTarget}: another user could redirect
 * the files.
 *
 * @throws {SourceError} if the path is such a link
 */
export function outputFolder(name: string): OutputTarget {
  // Without a trailing slash, with which `lstat` would follow a link.
  return follow(name, physicalPath(name));
}

/** Whether a name can only be that of a folder. */
function isFolderName(name: string): boolean {
  return name === "" || name.endsWith("/");
}

function follow(name: string, start: string): OutputTarget {
  const { dirname, isAbsolute } = paths(name);
  const owners: number[] = [];
  let path = start;
  for (let links = 0; links <= LINKS_MAX; links++) {
    const stat = look(name, path);
    if (stat === undefined) {
      if (links === 0) return { path, stat };
      throw refusal(
        name,
        `it is a symbolic link to ${JSON.stringify(path)}, which does not ` +
          "exist; remove the link, or write to that path",
      );
    }
    if (!stat.isSymbolicLink()) {
      checkOwners(name, owners, stat);
      return { path, stat };
    }
    owners.push(stat.uid);
    const target = nodeFs().readlinkSync(path);
    path = physicalPath(
      isAbsolute(target) ? target : `${dirname(path)}/${target}`,
    );
  }
  throw refusal(name, "its symbolic links form a loop");
}

/**
 * Returns the path of a file from the root, with the links of its folder
 * resolved: "link/.." is the folder above the target of the link.
 */
export function physicalPath(path: string): string {
  const { basename, dirname, join, resolve } = paths(path);
  try {
    const folder = nodeFs().realpathSync.native(dirname(path));
    return join(folder, basename(path));
  } catch {
    return resolve(path);
  }
}

function paths(what: string) {
  return builtinModule("node:path", { what, action: "use paths" });
}

function look(name: string, path: string): Stats | undefined {
  try {
    return nodeFs().lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A parent is not a folder, so the path does not exist.
    if (errorCode(error) === "ENOTDIR") return;
    throw fileError("write", name, error);
  }
}

function checkOwners(
  name: string,
  owners: readonly number[],
  { uid }: Stats,
): void {
  const trusted = [0, uid, ownUser()];
  const other = owners.find((owner) => !trusted.includes(owner));
  if (other === undefined) return;
  throw refusal(
    name,
    `it is a symbolic link of another user (${other}); remove it, or write to ` +
      "its target",
  );
}

function refusal(name: string, reason: string): SourceError {
  return new SourceError(
    name,
    `Cannot write ${JSON.stringify(name)}: ${reason}`,
  );
}
