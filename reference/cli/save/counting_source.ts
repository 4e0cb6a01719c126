import type { ByteSource, SourceReadOptions } from "../../sources/mod.ts";

/** A source that counts its reads. */
export class CountingSource implements ByteSource {
  /** Name for errors. */
  readonly name: string;
  /** Size in bytes. */
  readonly byteLength: number;
  /** Reads so far. */
  reads = 0;
  /** Bytes read so far. */
  bytes = 0;
  readonly #source: ByteSource;

  /** Counts the reads of `source`. */
  constructor(source: ByteSource) {
    this.name = source.name;
    this.byteLength = source.byteLength;
    this.#source = source;
  }

  /** Reads from the source, and counts. */
  readInto(
    target: Uint8Array,
    offset: number,
    options?: SourceReadOptions,
  ): Promise<void> {
    this.reads++;
    this.bytes += target.length;
    return this.#source.readInto(target, offset, options);
  }
}
