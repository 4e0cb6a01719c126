import type { Stats } from "node:fs";
import { identityOf, nodeFs } from "../local/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import { originalFile, SourceError } from "../sources/mod.ts";

/**
 * Whether a file, as `stat` reports it, is the one that a snapshot is read from;
 * true if unknown, as for a source that is not a file.
 */
export function isOwnFile(
  { source }: Snapshot,
  stat: Pick<Stats, "dev" | "ino"> | undefined,
): boolean {
  const file = originalFile(source);
  if (file === undefined) return true;
  return stat !== undefined && identityOf(stat) === file.identity;
}

/**
 * Checks that a file opened by its path was the snapshot's own.
 *
 * @throws {SourceError} if another file has that name
 */
export function checkOwnFile(snapshot: Snapshot, path: string): void {
  const stat = nodeFs().statSync(path, { throwIfNoEntry: false });
  if (isOwnFile(snapshot, stat)) return;
  const { name } = snapshot.source;
  throw new SourceError(
    name,
    `Cannot continue with ${JSON.stringify(name)}: there is another file at ` +
      `${JSON.stringify(path)} now; start again`,
    { changed: true },
  );
}
