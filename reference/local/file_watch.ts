import { SourceError } from "../sources/mod.ts";

/** Milliseconds between two looks: one takes up to 15 µs, as long as some pages. */
const INTERVAL = 2;

/** What tells one version of a file from another, as `fstat` gives it. */
export interface FileVersion {
  /** Its size in bytes. */
  readonly size: number;
  /** When it was written to, in milliseconds. */
  readonly mtimeMs: number;
}

/**
 * Sees whether an open file is still the version that was opened. Its time of
 * change says nothing of that: renaming a file, or replacing it, alters it too.
 */
export class FileWatch {
  readonly #name: string;
  readonly #opened: FileVersion;
  readonly #look: () => FileVersion;
  #looked = -Infinity;
  #changed = false;

  /** `look` gives the version that there is now. */
  constructor(name: string, opened: FileVersion, look: () => FileVersion) {
    this.#name = name;
    this.#opened = opened;
    this.#look = look;
  }

  /** As {@linkcode check}, unless it was looked a moment ago. */
  step(): void {
    // Not `performance.now`, which takes twice as long; but it may be set back.
    const since = Date.now() - this.#looked;
    if (since >= INTERVAL || since < 0 || this.#changed) this.check();
  }

  /**
   * Looks now. A file that has changed once stays so.
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
        `while it was read, found it ${is}, expected ${was}; begin again ` +
        "with a file that nobody writes to",
      { changed: true },
    );
  }
}
