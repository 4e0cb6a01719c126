import type { Stats } from "node:fs";
import { LocalFile, nodeFs } from "../local/local_file.ts";

/** One file of several that are put in place together. */
export interface JournalEntry {
  /** Its path, which leads through no link. */
  readonly target: string;
  /** A second name of the old file, until all is done; undefined if none was. */
  readonly backup?: string | undefined;
  /** What tells the new file from any other. */
  readonly made: FileMark;
}

/** What stays the same of a file when it is renamed. */
export interface FileMark {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Whether the files are being put in place, or all of them are there. */
const UNDO = "undo\n";
const DONE = "done\n";
/** No journal is longer. */
const LENGTH_MAX = 0x1000000;

/** The mark of a file; runtimes tell more or less than milliseconds. */
export function markOf({ ino, size, mtimeMs }: Stats): FileMark {
  return { ino, size, mtimeMs: Math.floor(mtimeMs) };
}

/** Writes down what is about to be done, before any of it is. */
export function writeJournal(
  file: LocalFile,
  entries: readonly JournalEntry[],
): void {
  const text = UNDO + JSON.stringify(entries);
  file.setLength(0);
  file.writeSync(new TextEncoder().encode(text), 0);
  file.flush();
}

/** Writes down that all is done: nothing is taken back any more. */
export function closeJournal(file: LocalFile): void {
  file.writeSync(new TextEncoder().encode(DONE), 0);
  file.flush();
}

/**
 * Ends what a killed process has begun: if it was not through, the old files get
 * their names back. Returns the paths of those.
 */
export function endJournal(path: string): string[] {
  const text = readText(path);
  const isDone = text.startsWith(DONE);
  const entries = parseEntries(text.slice(UNDO.length));
  if (!isDone) return takeBack(entries);
  removeBackups(entries);
  return [];
}

/** Takes back what was done of these, as far as nobody has changed it since. */
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
      // The old file is still there, or somebody has made a third one.
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

/** None where the process was killed while it wrote: then it had done nothing. */
function parseEntries(text: string): JournalEntry[] {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}
