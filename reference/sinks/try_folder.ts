import { builtinModule } from "../local/mod.ts";
import { removeLeftovers } from "./leftovers.ts";
import { createPartial, discardPartial, statOf } from "./own_partial.ts";

/** Its own name: it is in nobody's way. */
const PROBE = ".mapped-ram-probe";

/**
 * Finds out whether files can be made in a folder, by making one: root may do
 * what no mode allows, and on a file system that is read-only nobody may. What
 * was left of that by a process that was killed is removed.
 *
 * @throws {SourceError} with `name` as the file's name, if none can be made
 */
export function tryFolder(folder: string, name: string): void {
  const use = { what: folder, action: "use paths" };
  const target = builtinModule("node:path", use).join(folder, PROBE);
  const own = createPartial(target, { name });
  try {
    removeLeftovers(target, { name, own, uid: statOf(own.file).uid });
  } catch {
    // Another process is trying, too.
  } finally {
    discardPartial(own);
  }
}
