import { type MemorySink, memorySink } from "../sinks/mod.ts";
import { SourceError } from "../sources/mod.ts";

/** A disk that fills up, and has room again at the `freed`th write after that. */
export class FullDisk {
  /** The sink on it, in memory. */
  readonly sink: MemorySink = memorySink();
  /** Whether it is full. */
  isFull = false;
  /** Writes until there is room, counted from when it is full. */
  freed = 3;

  constructor() {
    const { sink } = this;
    const write = sink.write.bind(sink);
    sink.write = async (bytes, offset) => {
      if (this.isFull && --this.freed > 0) {
        const range = { offset, length: bytes.length };
        const cause = Object.assign(new Error("full"), { code: "ENOSPC" });
        throw new SourceError("disk", "no space left", { cause, range });
      }
      await write(bytes, offset);
    };
  }
}
