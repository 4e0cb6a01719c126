import { openFileSource } from "../local/file_source.ts";
import { LocalFile } from "../local/local_file.ts";
import { nodeFs } from "../local/node_fs.ts";
import type { ByteSink } from "../sinks/byte_sink.ts";
import type { MemorySink } from "../sinks/memory_sink.ts";
import { backingOf } from "../sources/backing.ts";
import type { SyncByteSource } from "../sources/byte_source.ts";
import { memorySource } from "../sources/memory_source.ts";

/** Reads what was written to a sink before it is committed. */
export class SinkReader implements Disposable {
  readonly #sink: ByteSink;
  #file: LocalFile | undefined;

  /** Of a sink that is a file of this machine, or memory. */
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

  /** All of it as a source, to be closed by the caller. */
  open(): SyncByteSource & Disposable {
    const backing = backingOf(this.#sink);
    if (backing?.kind === "file") {
      return openFileSource(backing.path, { inUse: true });
    }
    const source = memorySource(this.#memory(), { name: this.#sink.name });
    return Object.assign(source, { [Symbol.dispose](): void {} });
  }

  /** Closes what was opened. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #memory(): Uint8Array {
    if (isMemorySink(this.#sink)) return this.#sink.bytes();
    throw new RangeError(
      `Cannot read back what was written to ${
        JSON.stringify(this.#sink.name)
      }: expected a sink that is a file, or memory`,
    );
  }
}

function isMemorySink(sink: ByteSink): sink is MemorySink {
  return "bytes" in sink && typeof sink.bytes === "function";
}
