import { closeSync, fstatSync, openSync } from "node:fs";
import { type FileSource, openFileSource } from "../../local/mod.ts";
import {
  type ByteSource,
  SourceError,
  type SourceReadOptions,
} from "../../sources/mod.ts";
import { tryFile } from "../system_error.ts";

/** Milliseconds between two looks; one takes 50 µs, as long as a page. */
const INTERVAL = 1;

/**
 * A file that is read for a long time, and must not change meanwhile: reads of
 * another content fail, from a millisecond after the change on.
 */
export class SteadyFile implements ByteSource, Disposable {
  /** Its path. */
  readonly name: string;
  /** Its size in bytes. */
  readonly byteLength: number;
  /** Is aborted, with the error, as soon as a change is seen. */
  readonly changed: AbortSignal;
  readonly #changed = new AbortController();
  readonly #source: FileSource;
  readonly #fd: number;
  readonly #stamp: string;
  #bytes = 0;
  #looked = -Infinity;

  /** Opens it. */
  constructor(path: string) {
    this.#source = openFileSource(path);
    this.name = this.#source.name;
    this.byteLength = this.#source.byteLength;
    this.changed = this.#changed.signal;
    this.#fd = tryFile("open", path, () => openSync(path, "r"));
    this.#stamp = this.#read();
  }

  /** Bytes read so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reads, and makes sure that it is still the same file. */
  async readInto(
    target: Uint8Array,
    offset: number,
    options?: SourceReadOptions,
  ): Promise<void> {
    this.#bytes += target.length;
    try {
      await this.#source.readInto(target, offset, options);
    } catch (error) {
      this.check();
      throw error;
    }
    if (performance.now() - this.#looked >= INTERVAL) this.check();
    this.changed.throwIfAborted();
  }

  /**
   * Looks whether it is still the same.
   *
   * @throws {SourceError} if it is not
   */
  check(): void {
    this.#looked = performance.now();
    if (this.#read() !== this.#stamp) {
      this.#changed.abort(
        new SourceError(
          this.name,
          `Cannot go on reading ${JSON.stringify(this.name)}: it was written ` +
            "to meanwhile; resume from a file that nobody writes to",
        ),
      );
    }
    this.changed.throwIfAborted();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#source.close();
    closeSync(this.#fd);
  }

  /** Size and time of the last change. */
  #read(): string {
    const { size, mtimeMs } = fstatSync(this.#fd);
    return `${size} ${mtimeMs}`;
  }
}
