import { differentPages } from "../pages/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { CHUNK } from "../work/mod.ts";

/** Options of a {@linkcode DifferenceWriter}. */
export interface DifferenceWriterOptions {
  /** The file, which has the bytes of the base. */
  readonly sink: ByteSink;
  /** Bytes that are compared and written together, at a multiple of that. */
  readonly unit: number;
  /** Reads what the file has at an offset. */
  readonly readBase: (target: Uint8Array, offset: number) => Promise<void>;
  /** Called with what was written. */
  readonly onWrite: (length: number, offset: number) => void;
}

/** Writes the parts of a file that differ from those of its base. */
export class DifferenceWriter {
  readonly #options: DifferenceWriterOptions;
  readonly #existing: Uint8Array;

  constructor(options: DifferenceWriterOptions) {
    this.#options = options;
    this.#existing = new Uint8Array(Math.max(CHUNK, options.unit));
  }

  /** Writes what differs of the bytes at an offset of the file. */
  async write(bytes: Uint8Array, offset: number): Promise<void> {
    const { unit } = this.#options;
    for (let done = 0; done < bytes.length;) {
      const lead = (offset + done) % unit;
      // After the rest of a unit, whole ones follow.
      const length = lead === 0 ? this.#existing.length : unit - lead;
      const part = bytes.subarray(done, done + length);
      await this.#writePart(part, offset + done);
      done += part.length;
    }
  }

  async #writePart(part: Uint8Array, offset: number): Promise<void> {
    const { sink, unit, readBase, onWrite } = this.#options;
    const existing = this.#existing.subarray(0, part.length);
    await readBase(existing, offset);
    for (const { first, end } of differentPages(part, existing, unit)) {
      const at = first * unit;
      const piece = part.subarray(at, end * unit);
      await sink.write(piece, offset + at);
      onWrite(piece.length, offset + at);
    }
  }
}
