import type { Stats } from "node:fs";
import { builtinModule, LocalFile, nodeFs, ownUser } from "../../local/mod.ts";

/** One of several files that are put in place together. */
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
 * First lines of a journal: the files are being put in place, or all of them
 * are there.
 */
const UNDO = "undo\n";
const DONE = "done\n";
/** Maximum length of a journal. */
const LENGTH_MAX = 0x1000000;

/**
 * Returns the mark of a file; runtimes differ in times finer than milliseconds.
 */
export function markOf({ ino, size, mtimeMs }: Stats): FileMark {
  return { ino, size, mtimeMs: Math.floor(mtimeMs) };
}

/**
 * An entry as written to the journal. In a folder that others can write to,
 * they might fake a journal by linking to a file of this user with chosen
 * bytes, so an entry contains as little as possible.
 */
interface WrittenEntry {
  /** A name in the journal's folder, or the path of a file elsewhere. */
  readonly target: string;
  /** Suffix of the old file's second name. */
  readonly old?: string | undefined;
  readonly made: FileMark;
}

/** Returns a second name for an old file, with a random word. */
export function backupPath(target: string, word: string): string {
  return `${target}.${word}.old`;
}

/** Returns a random word for {@linkcode backupPath}. */
export function backupWord(): string {
  return crypto.randomUUID().slice(0, 8);
}

/** Writes a journal of a commit to a folder, before the commit starts. */
export function writeJournal(
  file: LocalFile,
  folder: string,
  entries: readonly JournalEntry[],
): void {
  const { resolve, dirname, basename } = paths();
  const written = entries.map(({ target, backup, made }): WrittenEntry => ({
    target: dirname(target) === resolve(folder) ? basename(target) : target,
    old: backup?.split(".").at(-2),
    made,
  }));
  const text = UNDO + JSON.stringify(written);
  file.setLength(0);
  file.writeSync(new TextEncoder().encode(text), 0);
  file.flush();
}

/** Marks the commit as complete: nothing is undone any more. */
export function closeJournal(file: LocalFile): void {
  file.writeSync(new TextEncoder().encode(DONE), 0);
  file.flush();
}

/**
 * Ends the commit of a killed process in a folder: if it was not complete, the
 * old files get their names back. Returns the paths of those files.
 */
export function endJournal(path: string, folder: string): string[] {
  const text = readText(path);
  const entries = parseEntries(text.slice(UNDO.length), folder);
  if (text.startsWith(UNDO)) return takeBack(entries);
  if (text.startsWith(DONE)) removeBackups(entries);
  return [];
}

/** Undoes a commit, except for files that were changed since. */
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
      // The old file is still in place, or there is a third one.
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

/** Empty if the process was killed while writing: then no file was touched. */
function parseEntries(text: string, folder: string): JournalEntry[] {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(written) || !written.every(isWritten)) return [];
  const { resolve, dirname } = paths();
  const home = resolve(folder);
  const isOwn = isOnlyOwners(home);
  return written
    .map(({ target, old, made }): JournalEntry => {
      const path = resolve(home, target);
      return { target: path, backup: old && backupPath(path, old), made };
    })
    .filter(({ target }) => isOwn || dirname(target) === home);
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
