import { identityOf, nodeFs } from "../local/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import { backingOf, SourceError } from "../sources/mod.ts";

/**
 * Whether the file at a path is the one that a snapshot is read from; true if
 * unknown, as for a source that is not a file.
 */
export function isOwnFile({ source }: Snapshot, path: string): boolean {
  const backing = backingOf(source);
  if (backing?.kind !== "file") return true;
  const stat = nodeFs().statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && identityOf(stat) === backing.identity;
}

/**
 * Checks that a file opened by its path was the snapshot's own.
 *
 * @throws {SourceError} if another file has that name
 */
export function checkOwnFile(snapshot: Snapshot, path: string): void {
  if (isOwnFile(snapshot, path)) return;
  const { name } = snapshot.source;
  throw new SourceError(
    name,
    `Cannot continue with ${JSON.stringify(name)}: there is another file at ` +
      `${JSON.stringify(path)} now; start again`,
    { changed: true },
  );
}
