import { mkdirSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { tryLock } from "../../linux/mod.ts";
import { outputFolder } from "../../sinks/mod.ts";
import { tryFile } from "../program/system_error.ts";
import { FileGroup, type PendingFile } from "./file_group.ts";
import { countOf } from "./format_count.ts";
import { printMessage } from "./output.ts";
import { checkFolder, checkOutputPath } from "./output_file.ts";
import { printable } from "./printable.ts";

/**
 * A folder into which several files are put together; it is made if it is not
 * there, and goes away again if nothing is put into it. If the command was killed
 * before while it did that, the old files get their places back first.
 */
export class OutputFolder implements Disposable {
  readonly #path: string;
  readonly #isMade: boolean;
  readonly #group: FileGroup;

  /** Makes the folder itself, but none that it would be in. */
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

  /** Lets go of the folder. */
  [Symbol.dispose](): void {
    this.#group[Symbol.dispose]();
    this.#removeEmpty();
  }

  #removeEmpty(): void {
    if (!this.#isMade) return;
    try {
      rmdirSync(this.#path);
    } catch {
      // It is not empty: that is what it was made for.
    }
  }
}

/** Returns whether it had to be made. */
function makeFolder(path: string): boolean {
  checkOutputPath(path);
  const isThere = outputFolder(path).stat !== undefined;
  checkFolder(isThere ? path : dirname(path), path);
  if (!isThere) tryFile("make", path, () => mkdirSync(path));
  return !isThere;
}
