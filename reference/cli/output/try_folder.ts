import {
  createPartial,
  discardPartial,
  physicalPath,
  removeLeftovers,
  statOf,
} from "../../sinks/mod.ts";

/** Name of the file that is created as a check. */
const PROBE = ".mapped-ram-probe";

/**
 * Checks whether files can be created in a folder, by creating one: modes do
 * not restrict root, and a file system may be read-only. Removes files that
 * such a check of a killed process has left.
 *
 * @throws {SourceError} with `name` as the file's name, if none can be created
 */
export function tryFolder(folder: string, name: string): void {
  const target = physicalPath(`${folder}/${PROBE}`);
  const partial = createPartial(target, { name });
  try {
    removeLeftovers(target, {
      name,
      own: partial,
      uid: statOf(partial.file).uid,
    });
  } catch {
    // Another process is checking at the same time.
  } finally {
    discardPartial(partial);
  }
}
