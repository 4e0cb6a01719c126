import { dirname } from "node:path";
import { fileError, nodeFs, removeName } from "../../local/mod.ts";
import {
  type ByteSink,
  createPartial,
  isPrivate,
  outputTarget,
  type OwnPartial,
  physicalPath,
  statOf,
  withLeftovers,
} from "../../sinks/mod.ts";
import { backingOf } from "../../sources/mod.ts";
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

/** Start of the journal's name. */
const JOURNAL = ".mapped-ram";

/** An unfinished file, and its final place. */
export interface PendingFile {
  /** The sink of the file, ready to commit. */
  readonly sink: ByteSink;
  /** Its final path. */
  readonly path: string;
}

/** Options of a {@linkcode FileGroup}. */
export interface FileGroupOptions {
  /** Locks an open file, as for `createFileSink`. */
  readonly tryLock?: ((fd: number) => boolean | undefined) | undefined;
}

/**
 * Commits files of one folder together, all or none. A journal in the folder
 * records the commit and is removed at the end; if a process is killed, the
 * next one undoes its commit.
 */
export class FileGroup implements Disposable {
  /** Paths of the files, replaced by a killed process, that were restored. */
  readonly restored: readonly string[];
  readonly #folder: string;
  readonly #journal: OwnPartial;

  /**
   * Undoes the commits of killed processes in the folder.
   *
   * @throws {SourceError} if another process is committing there, or no file
   * can be created there
   */
  constructor(folder: string, { tryLock }: FileGroupOptions = {}) {
    const target = physicalPath(`${folder}/${JOURNAL}`);
    this.#folder = dirname(target);
    this.#journal = createPartial(target, { name: folder, tryLock });
    const own = this.#journal;
    const { uid } = statOf(own.file);
    const options = { name: folder, uid, own, tryLock };
    try {
      this.restored = withLeftovers(target, options, (leftovers) => {
        return leftovers.filter(isPrivate).flatMap(({ path }) => {
          const restored = endJournal(path, this.#folder);
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
   * Commits the files one by one. If one fails, undoes the commits before it,
   * so that the old files are in place again.
   *
   * @throws {TypeError} if one is not a local file
   * @throws the error of a commit
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
  const { path: target, stat } = outputTarget(path);
  const backup = stat && backupPath(target, backupWord());
  return { target, backup, made: markOfSink(sink) };
}

function markOfSink(sink: ByteSink): FileMark {
  const backing = backingOf(sink);
  if (backing?.kind !== "file") {
    throw new TypeError(
      `Cannot commit ${JSON.stringify(sink.name)} in a group: it is not a file`,
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
      fs.renameSync(target, backup); // The file system has no hard links.
    } catch (error) {
      throw fileError("write", path, error);
    }
  }
}

/** Undoes a commit without throwing: the first failure is the one to report. */
function takeBackQuietly(entries: readonly JournalEntry[]): void {
  for (const entry of entries.toReversed()) {
    try {
      takeBack([entry]);
    } catch {
      // It stays unchanged.
    }
  }
}
