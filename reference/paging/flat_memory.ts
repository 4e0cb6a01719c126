import type { PageRun } from "../../format/bitmap/mod.ts";
import type { PostcopyMemory, SyncPostcopyMemory } from "../faulting/mod.ts";
import type { RunOptions } from "../reading/mod.ts";
import type {
  ByteSource,
  SourceReadOptions,
  SyncByteSource,
} from "../sources/mod.ts";

const PAGE_SIZE = 4096;

/** The name of a flat image where a RAMBlock has its idstr. */
const FLAT_IDSTR = "memory";

interface Flat {
  readonly idstr: string;
  readonly usedLength: number;
}

/** Returns the memory of a flat, byte for byte image such as Firecracker's. */
export function flatMemory(source: ByteSource): PostcopyMemory & Flat {
  const all = wholeRun(source);
  return {
    name: source.name,
    idstr: FLAT_IDSTR,
    usedLength: source.byteLength,
    byteLength: source.byteLength,
    pageSize: PAGE_SIZE,
    parallelReads: source.parallelReads,
    async *presentRuns(options: RunOptions = {}): AsyncGenerator<PageRun> {
      yield await Promise.resolve({ ...all, ...bounds(options) });
    },
    readInto: (
      target: Uint8Array,
      offset: number,
      options?: SourceReadOptions,
    ) => source.readInto(target, offset, options),
  };
}

/** Returns the memory of a flat image that can be read synchronously. */
export function flatMemorySync(
  source: SyncByteSource,
): SyncPostcopyMemory & Flat {
  const all = wholeRun(source);
  return {
    ...flatMemory(source),
    *presentRunsSync(options = {}) {
      yield { ...all, ...bounds(options) };
    },
    readIntoSync: (target, offset) => source.readIntoSync(target, offset),
  };
}

function wholeRun({ byteLength }: ByteSource): PageRun {
  return { first: 0, end: Math.ceil(byteLength / PAGE_SIZE) };
}

function bounds({ first, end }: Omit<RunOptions, "signal">): Partial<PageRun> {
  return {
    ...(first === undefined ? {} : { first }),
    ...(end === undefined ? {} : { end }),
  };
}
