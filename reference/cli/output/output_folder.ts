import { mkdirSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { tryLock } from "../../system/mod.ts";
import { outputFolder } from "../../sinks/mod.ts";
import { tryFile } from "../program/try_file.ts";
import { FileGroup, type PendingFile } from "./file_group.ts";
import { countOf } from "./format_count.ts";
import { printMessage } from "./output.ts";
import { checkFolder, checkOutputPath } from "./output_file.ts";
import { printable } from "./printable.ts";

/**
 * A folder in which several files are committed together. It is created if it
 * does not exist, and removed again if nothing is committed. If an earlier
 * command was killed during its commit, the old files are restored first.
 */
export class OutputFolder implements Disposable {
  readonly #path: string;
  readonly #isMade: boolean;
  readonly #group: FileGroup;

  /** Creates the folder itself, but not its parents. */
  constructor(path: string) {
    this.#path = path;
    this.#isMade = makeFolder(path);
    try {
      this.#group = new FileGroup(path, { tryLock });
    } catch (error) {
      this.#removeEmpty();
      throw error;
    }
    const { length } = this.#group.restored;
    if (length > 0) {
      printMessage(
        `${countOf(length, "file")} that a killed command had replaced ` +
          `${length === 1 ? "is" : "are"} back in ${printable(path)}`,
      );
    }
  }

  /** Puts the files in place, all of them or none. */
  async commit(files: readonly PendingFile[]): Promise<void> {
    await this.#group.commit(files);
  }

  /** Releases the folder. */
  [Symbol.dispose](): void {
    this.#group[Symbol.dispose]();
    this.#removeEmpty();
  }

  #removeEmpty(): void {
    if (!this.#isMade) return;
    try {
      rmdirSync(this.#path);
    } catch {
      // It is not empty: it holds the files.
    }
  }
}

/**
 * Returns the path of a file in a folder. "link/.." stays the folder above the
 * target of the link, unlike by `join` of the runtimes.
 */
export function pathIn(folder: string, name: string): string {
  return folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
}

/** Returns whether it had to be created. */
function makeFolder(path: string): boolean {
  checkOutputPath(path);
  const isThere = outputFolder(path).stat !== undefined;
  checkFolder(isThere ? path : dirname(path), path);
  if (!isThere) tryFile("make", path, () => mkdirSync(path));
  return !isThere;
}
