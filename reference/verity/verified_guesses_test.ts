import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteRange } from "../../format/bytes/mod.ts";
import {
  type ByteSource,
  memorySource,
  type SourceReadOptions,
} from "../sources/mod.ts";
import { verifiedSource } from "./mod.ts";
import { sealed } from "./testing/verified_ways.ts";

const BLOCK = 4096;
/** Data blocks whose hashes are in one block. */
const ARITY = 128;
const LENGTH = 40 * ARITY * BLOCK + 100;

/** What a source was asked for. */
interface Asked extends ByteRange {
  readonly guesses: readonly ByteRange[] | undefined;
}

/** Returns a source that notes what it is asked for. */
function watched(bytes: Uint8Array, asked: Asked[]): ByteSource {
  const { name, byteLength, readInto } = memorySource(bytes);
  return {
    name,
    byteLength,
    readInto(target, offset, options: SourceReadOptions = {}) {
      const { guesses } = options;
      asked.push({ offset, length: target.length, guesses });
      return readInto.call(memorySource(bytes), target, offset, options);
    },
  };
}

test("guesses of a reader are fetched in whole blocks, and so are their hashes", async () => {
  const bytes = new Uint8Array(LENGTH).fill(1);
  const file = sealed(bytes);
  const data: Asked[] = [];
  const hashes: Asked[] = [];
  const source = await verifiedSource(watched(file.bytes, data), {
    tree: watched(file.sidecar, hashes),
    digest: file.digest,
  });
  hashes.length = 0;

  const guesses = [
    { offset: 3 * BLOCK + 4000, length: 384 },
    { offset: 3 * ARITY * BLOCK, length: 384 },
    { offset: LENGTH - 10, length: 10 },
    { offset: 1000 * LENGTH, length: 384 },
  ];
  await source.readInto(new Uint8Array(384), BLOCK + 5, { guesses });
  assert.deepEqual(data, [{
    offset: BLOCK,
    length: BLOCK,
    guesses: [
      { offset: 3 * BLOCK, length: 2 * BLOCK },
      { offset: 3 * ARITY * BLOCK, length: BLOCK },
      { offset: LENGTH - 100, length: 100 },
    ],
  }]);
  // The leaves come last in the sidecar: 41 blocks.
  const leaves = file.sidecar.length - 41 * BLOCK;
  const leaf = hashes.find(({ offset }) => offset === leaves);
  assert.equal(leaf?.length, BLOCK);
  assert.deepEqual(leaf.guesses, [{
    offset: leaves + BLOCK,
    length: 12 * BLOCK,
  }]);
  for (const { offset, guesses } of hashes) {
    assert.equal(guesses !== undefined, offset === leaves);
  }

  data.length = 0;
  await source.readInto(new Uint8Array(BLOCK), 7 * BLOCK);
  assert.equal(data[0].guesses, undefined);
});
