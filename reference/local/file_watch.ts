import { SourceError } from "../sources/mod.ts";

/**
 * Minimum milliseconds between two checks: one takes as long as reading a page,
 * or several in a runtime without a quick `fstat`.
 */
const INTERVAL = 2;

/** Size and time of a file, which distinguish its versions. */
export interface FileVersion {
  /** Its size in bytes. */
  readonly size: number;
  /** Modification time, in milliseconds. */
  readonly mtimeMs: number;
}

/**
 * Detects whether an open file has changed since it was opened. It ignores the
 * time of status change, which renaming or replacing the file alters, too.
 */
export class FileWatch {
  readonly #name: string;
  readonly #opened: FileVersion;
  readonly #readVersion: () => FileVersion;
  #checkedAt = -Infinity;
  #changed = false;

  /** `readVersion` returns the current version. */
  constructor(
    name: string,
    opened: FileVersion,
    readVersion: () => FileVersion,
  ) {
    this.#name = name;
    this.#opened = opened;
    this.#readVersion = readVersion;
  }

  /** Same as {@linkcode check}, but does nothing soon after another check. */
  step(): void {
    // `performance.now` would take twice as long. This clock may be set back.
    const since = Date.now() - this.#checkedAt;
    if (since >= INTERVAL || since < 0 || this.#changed) this.check();
  }

  /**
   * Checks now. Once a change was detected, all later checks fail.
   *
   * @throws {SourceError} if it has changed
   */
  check(): void {
    const found = this.#readVersion();
    this.#checkedAt = Date.now();
    const resized = found.size !== this.#opened.size;
    this.#changed ||= resized || found.mtimeMs !== this.#opened.mtimeMs;
    if (!this.#changed) return;
    const [expected, actual] = resized
      ? [this.#opened, found].map(({ size }) => `${size} bytes long`)
      : [this.#opened, found].map(({ mtimeMs }) =>
        `written to at ${withMicroseconds(mtimeMs)}`
      );
    throw new SourceError(
      this.#name,
      `Cannot continue reading ${JSON.stringify(this.#name)}: it has changed ` +
        `while it was read, found it ${actual}, expected ${expected}; ` +
        "start again with a file that no process modifies",
      { changed: true },
    );
  }
}

/** Formats a time so that two versions of the same millisecond differ. */
function withMicroseconds(milliseconds: number): string {
  const fraction = Math.floor((milliseconds - Math.floor(milliseconds)) * 1000);
  const digits = String(fraction).padStart(3, "0");
  return new Date(milliseconds).toISOString().replace("Z", `${digits}Z`);
}
