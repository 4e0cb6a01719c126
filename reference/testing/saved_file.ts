import { type CreateOptions, saveSnapshot } from "../saving/mod.ts";
import { memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";

/** Returns memory of `pageCount` pages; those in `present` are not zero. */
export function testMemory(
  pageCount: number,
  present: readonly number[],
  pageSize = 4096,
): Uint8Array {
  const memory = new Uint8Array(pageCount * pageSize);
  for (const page of present) {
    for (let at = 0; at < pageSize; at++) {
      memory[page * pageSize + at] = (page * 31 + at * 7 + 1) % 251;
    }
    memory[page * pageSize] ||= 1;
  }
  return memory;
}

/** Returns the bytes of a snapshot of these blocks. */
export async function savedFile(
  blocks: Readonly<Record<string, Uint8Array>>,
  options: CreateOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  const inputs = Object.entries(blocks).map(([idstr, bytes]) => ({
    idstr,
    source: memorySource(bytes),
  }));
  await saveSnapshot(sink, inputs, options);
  return sink.bytes();
}
