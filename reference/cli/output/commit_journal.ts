import type { Stats } from "node:fs";
import { builtinModule, LocalFile, nodeFs, ownUser } from "../../local/mod.ts";

/** One of several files that are committed together. */
export interface JournalEntry {
  /** Its path, with all links resolved. */
  readonly target: string;
  /**
   * A second name of the old file, until the commit is complete; undefined if
   * there was none.
   */
  readonly backup?: string | undefined;
  /** Identifies the new file. */
  readonly made: FileMark;
}

/** Properties of a file that do not change when it is renamed. */
export interface FileMark {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * First line of a journal: the files are being put in place, or all of them
 * are in place.
 */
const UNDO = "undo\n";
const DONE = "done\n";
/** Maximum length of a journal. */
const LENGTH_MAX = 0x1000000;

/**
 * Returns the mark of a file, with the time in whole milliseconds: the runtimes
 * differ in finer times.
 */
export function markOf({ ino, size, mtimeMs }: Stats): FileMark {
  return { ino, size, mtimeMs: Math.floor(mtimeMs) };
}

/**
 * An entry as written to the journal. It contains as little as possible: in a
 * folder that other users can write to, they might forge a journal by linking a
 * file of this user to which they have contributed bytes.
 */
interface WrittenEntry {
  /** A name in the journal's folder, or the path of a file elsewhere. */
  readonly target: string;
  /** Suffix of the old file's second name. */
  readonly old?: string | undefined;
  readonly made: FileMark;
}

/** Returns a second name for an old file, which contains a random word. */
export function backupPath(target: string, word: string): string {
  return `${target}.${word}.old`;
}

/** Returns a random word for {@linkcode backupPath}. */
export function backupWord(): string {
  return crypto.randomUUID().slice(0, 8);
}

/**
 * Writes the journal of a commit in a folder, before the commit starts. Links
 * are resolved in the path of the folder.
 */
export function writeJournal(
  file: LocalFile,
  folder: string,
  entries: readonly JournalEntry[],
): void {
  const { dirname, basename } = paths();
  const written = entries.map(({ target, backup, made }): WrittenEntry => ({
    target: dirname(target) === folder ? basename(target) : target,
    old: backup?.split(".").at(-2),
    made,
  }));
  const text = UNDO + JSON.stringify(written);
  file.setLength(0);
  file.writeSync(new TextEncoder().encode(text), 0);
  file.flush();
}

/** Marks the commit as complete, so that it is not undone any more. */
export function closeJournal(file: LocalFile): void {
  file.writeSync(new TextEncoder().encode(DONE), 0);
  file.flush();
}

/**
 * Finishes the commit of a killed process in a folder: if it was not complete,
 * restores the old files. Returns the paths of those files.
 */
export function endJournal(path: string, folder: string): string[] {
  const text = readText(path);
  const entries = parseEntries(text.slice(UNDO.length), folder);
  if (text.startsWith(UNDO)) return takeBack(entries);
  if (text.startsWith(DONE)) removeBackups(entries);
  return [];
}

/** Undoes a commit, except for files that have changed since. */
export function takeBack(entries: readonly JournalEntry[]): string[] {
  const fs = nodeFs();
  const restored: string[] = [];
  for (const { target, backup, made } of entries) {
    const now = fs.lstatSync(target, { throwIfNoEntry: false });
    const isMade = now?.isFile() === true && isSameMark(markOf(now), made);
    const old = backup === undefined
      ? undefined
      : fs.lstatSync(backup, { throwIfNoEntry: false });
    if (backup === undefined) {
      if (isMade) fs.rmSync(target, { force: true });
    } else if (old !== undefined && (isMade || now === undefined)) {
      fs.renameSync(backup, target);
      restored.push(target);
    } else {
      // The old file is still in place, or a third file is.
      fs.rmSync(backup, { force: true });
    }
  }
  return restored;
}

/** Removes the second names of the old files. */
export function removeBackups(entries: readonly JournalEntry[]): void {
  for (const { backup } of entries) {
    if (backup !== undefined) nodeFs().rmSync(backup, { force: true });
  }
}

function isSameMark(one: FileMark, other: FileMark): boolean {
  return one.ino === other.ino && one.size === other.size &&
    one.mtimeMs === other.mtimeMs;
}

function readText(path: string): string {
  const { O_RDONLY, O_NOFOLLOW } = nodeFs().constants;
  using file = new LocalFile(path, O_RDONLY | (O_NOFOLLOW ?? 0));
  if (file.byteLength > LENGTH_MAX) return "";
  const bytes = new Uint8Array(file.byteLength);
  file.readSync(bytes, 0);
  return new TextDecoder().decode(bytes);
}

/**
 * Returns the entries, none if the process was killed while it wrote the
 * journal: then it has not changed any file.
 */
function parseEntries(text: string, folder: string): JournalEntry[] {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(written) || !written.every(isWritten)) return [];
  const { resolve, dirname } = paths();
  const isOwn = isOnlyOwners(folder);
  return written
    .map(({ target, old, made }): JournalEntry => {
      const path = resolve(folder, target);
      return { target: path, backup: old && backupPath(path, old), made };
    })
    .filter(({ target }) => isOwn || dirname(target) === folder);
}

function isWritten(entry: unknown): entry is WrittenEntry {
  const { target, old, made } = Object(entry);
  const { ino, size, mtimeMs } = Object(made);
  return typeof target === "string" &&
    (old === undefined || /^[0-9a-f]{8}$/.test(String(old))) &&
    [ino, size, mtimeMs].every((it) => typeof it === "number");
}

/** Whether no other user can create or rename files in a folder. */
function isOnlyOwners(folder: string): boolean {
  const { uid, mode } = nodeFs().statSync(folder);
  const user = ownUser();
  return user !== undefined && uid === user && (mode & 0o022) === 0;
}

function paths() {
  return builtinModule("node:path", { what: "files", action: "use paths" });
}
