import { builtinModule, fileError, nodeFs, removeName } from "../local/mod.ts";
import { backingOf } from "../sources/mod.ts";
import type { ByteSink } from "./byte_sink.ts";
import {
  backupPath,
  backupWord,
  closeJournal,
  endJournal,
  type FileMark,
  type JournalEntry,
  markOf,
  removeBackups,
  takeBack,
  writeJournal,
} from "./commit_journal.ts";
import { isPrivate, withLeftovers } from "./leftovers.ts";
import { outputTarget } from "./output_target.ts";
import { createPartial, type OwnPartial, statOf } from "./own_partial.ts";

/** The journal's name, but for what says whose it is. */
const JOURNAL = ".mapped-ram";

/** A file in the making, and where it will be. */
export interface PendingFile {
  /** What it is written to, all but committed. */
  readonly sink: ByteSink;
  /** Its path. */
  readonly path: string;
}

/** How to open a {@linkcode FileGroup}. */
export interface FileGroupOptions {
  /** Locks an open file; as for `createFileSink`. */
  readonly tryLock?: ((fd: number) => boolean | undefined) | undefined;
}

/**
 * Files of one folder that are put in place together, all of them or none. What
 * is being done is written down in the folder, in a file of this user's that is
 * gone at the end: what a killed process had begun, the next one takes back.
 */
export class FileGroup implements Disposable {
  /** Old files that a killed process had replaced, and that are back now. */
  readonly restored: readonly string[];
  readonly #folder: string;
  readonly #journal: OwnPartial;

  /**
   * Takes back what killed processes have begun in the folder.
   *
   * @throws {SourceError} if another process is putting files in place there, or
   *   none can be made there
   */
  constructor(folder: string, { tryLock }: FileGroupOptions = {}) {
    this.#folder = folder;
    const target = paths().join(folder, JOURNAL);
    this.#journal = createPartial(target, { name: folder, tryLock });
    const own = this.#journal;
    const { uid } = statOf(own.file);
    const options = { name: folder, uid, own, tryLock };
    try {
      this.restored = withLeftovers(target, options, (leftovers) => {
        return leftovers.filter(isPrivate).flatMap(({ path }) => {
          const restored = endJournal(path, folder);
          nodeFs().rmSync(path, { force: true });
          return restored;
        });
      });
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Commits the files one after the other. If one fails, those before it are
   * taken back, and the old ones are where they were.
   *
   * @throws {TypeError} if one is no file of this machine
   * @throws what the commit of a file has failed with
   */
  async commit(files: readonly PendingFile[]): Promise<void> {
    const entries = files.map(entryOf);
    const { file } = this.#journal;
    writeJournal(file, this.#folder, entries);
    try {
      for (const [index, { sink, path }] of files.entries()) {
        keepOld(path, entries[index]);
        await sink.commit();
      }
    } catch (error) {
      takeBackQuietly(entries);
      throw error;
    }
    closeJournal(file);
    removeBackups(entries);
  }

  [Symbol.dispose](): void {
    const { path, file, lock } = this.#journal;
    try {
      file.close();
      removeName(path, file.identity);
    } finally {
      lock.release();
    }
  }
}

function entryOf({ sink, path }: PendingFile): JournalEntry {
  const { path: found, stat } = outputTarget(path);
  const target = paths().resolve(found);
  const backup = stat && backupPath(target, backupWord());
  return { target, backup, made: markOfSink(sink) };
}

function markOfSink(sink: ByteSink): FileMark {
  const backing = backingOf(sink);
  if (backing?.kind !== "file") {
    throw new TypeError(
      `Cannot commit ${JSON.stringify(sink.name)} in a group: it is no file`,
    );
  }
  return markOf(nodeFs().lstatSync(backing.path));
}

function keepOld(path: string, { target, backup }: JournalEntry): void {
  if (backup === undefined) return;
  const fs = nodeFs();
  try {
    fs.linkSync(target, backup);
  } catch {
    try {
      fs.renameSync(target, backup); // A file system without hard links.
    } catch (error) {
      throw fileError("write", path, error);
    }
  }
}

/** The first failure is the one to tell; each other file has its turn. */
function takeBackQuietly(entries: readonly JournalEntry[]): void {
  for (const entry of entries.toReversed()) {
    try {
      takeBack([entry]);
    } catch {
      // It stays as it is.
    }
  }
}

function paths() {
  return builtinModule("node:path", { what: "files", action: "use paths" });
}
