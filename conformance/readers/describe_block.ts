import { createHash } from "node:crypto";
import type { PageRun } from "../../mod.ts";

const PART = 2 ** 20;

/** A RAMBlock of a snapshot, or of a sequential stream. */
export interface ReadableBlock {
  readonly idstr: string;
  readonly usedLength: number;
  readonly ignored?: boolean;
  presentRuns(): AsyncIterable<PageRun>;
  readInto(target: Uint8Array, offset: number): Promise<void>;
}

/** Returns name, size, runs and hash of a block, as in `expected.json`. */
export async function describeBlock(block: ReadableBlock): Promise<object> {
  const { idstr, usedLength } = block;
  const presentRuns: [number, number][] = [];
  if (block.ignored) return { idstr, usedLength, presentRuns, sha256: null };
  for await (const { first, end } of block.presentRuns()) {
    presentRuns.push([first, end]);
  }
  return { idstr, usedLength, presentRuns, sha256: await hash(block) };
}

async function hash(block: ReadableBlock): Promise<string> {
  const sha256 = createHash("sha256");
  const buffer = new Uint8Array(PART).fill(0xa5);
  for (let at = 0; at < block.usedLength; at += PART) {
    const part = buffer.subarray(0, Math.min(PART, block.usedLength - at));
    await block.readInto(part, at);
    sha256.update(part);
  }
  return sha256.digest("hex");
}
