import { SourceError } from "../sources/mod.ts";

/**
 * Milliseconds between two checks: one takes up to 15 µs, as long as reading
 * some pages.
 */
const INTERVAL = 2;

/** Distinguishes versions of a file, as reported by `fstat`. */
export interface FileVersion {
  /** Its size in bytes. */
  readonly size: number;
  /** Modification time, in milliseconds. */
  readonly mtimeMs: number;
}

/**
 * Detects whether an open file is still the version that was opened. The time
 * of status change is not used: renaming or replacing a file alters it too.
 */
export class FileWatch {
  readonly #name: string;
  readonly #opened: FileVersion;
  readonly #look: () => FileVersion;
  #looked = -Infinity;
  #changed = false;

  /** `look` returns the current version. */
  constructor(name: string, opened: FileVersion, look: () => FileVersion) {
    this.#name = name;
    this.#opened = opened;
    this.#look = look;
  }

  /** Same as {@linkcode check}, unless it was checked a moment ago. */
  step(): void {
    // Not `performance.now`, which takes twice as long; but this clock may be
    // set back.
    const since = Date.now() - this.#looked;
    if (since >= INTERVAL || since < 0 || this.#changed) this.check();
  }

  /**
   * Checks now. A file that has changed once stays changed.
   *
   * @throws {SourceError} if it has changed
   */
  check(): void {
    const found = this.#look();
    this.#looked = Date.now();
    const resized = found.size !== this.#opened.size;
    this.#changed ||= resized || found.mtimeMs !== this.#opened.mtimeMs;
    if (!this.#changed) return;
    const [was, is] = resized
      ? [this.#opened, found].map(({ size }) => `${size} bytes long`)
      : [this.#opened, found].map(({ mtimeMs }) =>
        `written to at ${new Date(mtimeMs).toISOString()}`
      );
    throw new SourceError(
      this.#name,
      `Cannot go on reading ${JSON.stringify(this.#name)}: it has changed ` +
        `while it was read, found it ${is}, expected ${was}; start again ` +
        "with a file that nobody modifies",
      { changed: true },
    );
  }
}
