import type { PageRun } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { CHUNK, inLanes } from "../work/mod.ts";
import type { RAMBlock } from "./ram_block.ts";

/** Options of {@linkcode prefetch}. */
export interface PrefetchOptions extends ReadOptions {
  /**
   * `"background"` gives way to demanded reads, `"demand"` does not. Default:
   * `"background"`.
   */
  readonly priority?: "background" | "demand" | undefined;
  /** Number of concurrent requests. Default: 2. */
  readonly lanes?: number | undefined;
}

/**
 * Loads the given pages into the cache of the block's source, in the given
 * order. Pages that are not in the file cost nothing. This is only useful if
 * the source has a cache.
 *
 * @throws {SourceError} if a page cannot be read
 *
 * @example
 * ```ts
 * import { cachedSource, openHttpSource, openSnapshot, prefetch } from "../../mod.ts";
 *
 * async function warm(url: string): Promise<void> {
 *   const source = cachedSource(await openHttpSource(url));
 *   const ram = (await openSnapshot(source)).block("pc.ram");
 *   await prefetch(ram, [{ first: 0x100, end: 0x200 }, { first: 0, end: 16 }]);
 * }
 * ```
 */
export async function prefetch(
  block: RAMBlock,
  runs: Iterable<PageRun>,
  options: PrefetchOptions = {},
): Promise<void> {
  const { signal, priority = "background", lanes = 2 } = options;
  const buffers = Array.from({ length: lanes }, () => new Uint8Array(CHUNK));
  await inLanes(buffers, chunks(block, runs, signal), async (chunk, buffer) => {
    await block.readInto(buffer.subarray(0, chunk.length), chunk.offset, {
      signal,
      background: priority === "background",
    });
  });
}

async function* chunks(
  block: RAMBlock,
  runs: Iterable<PageRun>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ByteRange> {
  for (const wanted of runs) {
    for await (const run of block.presentRuns({ ...wanted, signal })) {
      const end = run.end * block.pageSize;
      let offset = run.first * block.pageSize;
      for (; offset < end; offset += CHUNK) {
        yield { offset, length: Math.min(CHUNK, end - offset) };
      }
    }
  }
}
