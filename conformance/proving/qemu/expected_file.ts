import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  decodeTable,
  endOfFileItem,
  memoryOf,
  type PlainBlock,
  presentRuns,
} from "./plain_decoder.ts";
import type { VectorCase } from "./vector_case.ts";

/**
 * The expected.json of a readable file; throws if the file is not as expected.
 */
export function expectedFile(vector: VectorCase, file: Buffer): unknown {
  const table = decodeTable(file, offsetOf(vector));
  assert.deepEqual(
    table.blocks.map(({ idstr }) => idstr).toSorted(),
    Object.keys(vector.memory).toSorted(),
  );
  return {
    rules: vector.rules,
    ...optionsOf(vector),
    machine: table.machine,
    capabilities: table.capabilities,
    blocks: table.blocks.map((block) => {
      const memory = Buffer.from(vector.memory[block.idstr] ?? []);
      const runs = presentRuns(file, block);
      assert.ok(memoryOf(file, block).equals(memory), `${block.idstr} differs`);
      checkPages(vector, runs, memory, block.pageSize);
      checkClearPages(vector.stale?.[block.idstr] ?? {}, runs, file, block);
      const sha256 = createHash("sha256").update(memory).digest("hex");
      return { ...block, presentRuns: runs, sha256 };
    }),
    findings: vector.findings ?? [],
  };
}

/** Checks that exactly the bits of nonzero pages are set. */
function checkPages(
  vector: VectorCase,
  runs: readonly (readonly [number, number])[],
  memory: Buffer,
  pageSize: number,
): void {
  for (let page = 0; page * pageSize < memory.length; page++) {
    const bytes = memory.subarray(page * pageSize, (page + 1) * pageSize);
    assert.equal(
      runs.some(([first, end]) => page >= first && page < end),
      vector.allPresent === true || bytes.some((value) => value !== 0),
      `the bit of page ${page}`,
    );
  }
}

/**
 * Checks that the file holds zeros under clear bits, or the stale bytes of the
 * case.
 */
function checkClearPages(
  stale: Readonly<Record<number, Uint8Array>>,
  runs: readonly (readonly [number, number])[],
  file: Buffer,
  { usedLength, pageSize, pagesOffset }: PlainBlock,
): void {
  const rest = Buffer.from(
    file.subarray(pagesOffset, pagesOffset + usedLength),
  );
  for (const [first, end] of runs) {
    rest.fill(0, first * pageSize, end * pageSize);
  }
  for (const [page, bytes] of Object.entries(stale)) {
    const at = Number(page) * pageSize;
    assert.ok(rest.subarray(at, at + pageSize).equals(bytes), "no stale bytes");
    rest.fill(0, at, at + pageSize);
  }
  assert.ok(rest.every((value) => value === 0), "bytes under a clear bit");
}

/** The expected.json of a file that a reader rejects. */
export function expectedRefusal(vector: VectorCase, file: Buffer): unknown {
  for (const block of decodeTable(file, offsetOf(vector)).blocks) {
    const end = block.pagesOffset + block.usedLength;
    const memory = Buffer.from(vector.memory[block.idstr] ?? []);
    assert.deepEqual(presentRuns(file, block), []);
    assert.ok(file.subarray(block.pagesOffset, end).equals(memory));
  }
  return {
    rules: vector.rules,
    ...optionsOf(vector),
    error: {
      kind: "format",
      rule: vector.refused,
      offset: endOfFileItem(file),
    },
  };
}

function optionsOf(vector: VectorCase): { options?: unknown } {
  const offset = vector.options?.offset;
  return offset === undefined ? {} : { options: { offset } };
}

/** The file offset where the stream starts. */
export function offsetOf(vector: VectorCase): number {
  return vector.options?.offset ?? 0;
}
