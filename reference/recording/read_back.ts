import { LocalFile, nodeFs, openFileSource } from "../local/mod.ts";
import type { ByteSink, MemorySink } from "../sinks/mod.ts";
import {
  backingOf,
  memorySource,
  type SyncByteSource,
} from "../sources/mod.ts";

/** Reads back what was written to a sink before it is committed. */
export class SinkReader implements Disposable {
  readonly #sink: ByteSink;
  #file: LocalFile | undefined;

  /** Reads from a sink that is a local file or memory. */
  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Fills `target` with the bytes from `offset` on. */
  read(target: Uint8Array, offset: number): void {
    const backing = backingOf(this.#sink);
    if (backing?.kind === "file") {
      const { O_RDONLY } = nodeFs().constants;
      this.#file ??= new LocalFile(
        backing.path,
        O_RDONLY,
        0,
        this.#sink.name,
      );
      this.#file.readSync(target, offset);
    } else {
      target.set(this.#memory().subarray(offset, offset + target.length));
    }
  }

  /** Opens the sink's contents as a source, which the caller disposes. */
  open(): SyncByteSource & Disposable {
    const backing = backingOf(this.#sink);
    if (backing?.kind === "file") {
      return openFileSource(backing.path, { inUse: true });
    }
    const source = memorySource(this.#memory(), { name: this.#sink.name });
    return Object.assign(source, { [Symbol.dispose](): void {} });
  }

  /** Closes the file that `read` opened. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #memory(): Uint8Array {
    if (isMemorySink(this.#sink)) return this.#sink.bytes();
    throw new RangeError(
      `Cannot read back what was written to ${
        JSON.stringify(this.#sink.name)
      }: expected a sink that is a file or memory`,
    );
  }
}

function isMemorySink(sink: ByteSink): sink is MemorySink {
  return "bytes" in sink && typeof sink.bytes === "function";
}
