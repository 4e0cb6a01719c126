import { identityOf, nodeFs } from "../local/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import { backingOf, SourceError } from "../sources/mod.ts";

/**
 * Whether the file at a path is the one that a snapshot is read from; also where
 * that cannot be told, as of a source that is no file.
 */
export function isOwnFile({ source }: Snapshot, path: string): boolean {
  const backing = backingOf(source);
  if (backing?.kind !== "file") return true;
  const stat = nodeFs().statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && identityOf(stat) === backing.identity;
}

/**
 * Sees that what was opened by a path meanwhile was the snapshot's own file.
 *
 * @throws {SourceError} if another file has that name
 */
export function checkOwnFile(snapshot: Snapshot, path: string): void {
  if (isOwnFile(snapshot, path)) return;
  const { name } = snapshot.source;
  throw new SourceError(
    name,
    `Cannot go on with ${JSON.stringify(name)}: there is another file at ` +
      `${JSON.stringify(path)} now; begin again`,
    { changed: true },
  );
}
