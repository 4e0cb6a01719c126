import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import {
  type ByteSource,
  IntegrityError,
  memorySource,
  readRanges,
  type TakeBytes,
} from "../sources/mod.ts";
import type { Random } from "../testing/unruly_source.ts";
import { sleep } from "../work/mod.ts";
import { open, sealed, type SealedFile } from "./testing/verified_ways.ts";

const BLOCK = 4096;

function fileOf(length: number): SealedFile {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = 1 + (at + (at >> 12)) % 199;
  return sealed(bytes);
}

/**
 * A source that streams ranges in pieces of any length, and passes bytes again
 * from any earlier position, as after truncated answers.
 */
function streaming(bytes: Uint8Array, random: Random): ByteSource {
  const memory = memorySource(bytes);
  return {
    name: "streaming",
    byteLength: bytes.length,
    parallelReads: 4,
    readInto: (...read) => memory.readInto(...read),
    async streamRanges(ranges, take) {
      const left = ranges.map((range, index) => ({
        ...range,
        index,
        at: range.offset,
      })).filter(({ length }) => length > 0);
      while (left.length > 0) {
        const next = random(left.length);
        const range = left[next];
        const end = range.offset + range.length;
        const stop = Math.min(end, range.at + 1 + random(9000));
        // The buffer is used again after each piece.
        const buffer = bytes.slice(range.at, stop);
        await take(buffer, { offset: range.at, index: range.index });
        buffer.fill(0xee);
        range.at = random(4) === 0
          ? Math.max(range.offset, stop - random(20_000))
          : stop;
        if (range.at === end) left.splice(next, 1);
      }
    },
  };
}

/** Streams ranges; returns what was taken of each, where the last counts. */
async function streamed(
  source: ByteSource,
  ranges: readonly ByteRange[],
): Promise<
  { readonly taken: (number | undefined)[][]; readonly error: unknown }
> {
  const taken = ranges.map((): (number | undefined)[] => []);
  const take: TakeBytes = async (bytes, { offset, index }) => {
    await Promise.resolve();
    const from = offset - ranges[index].offset;
    assert(from >= 0 && from + bytes.length <= ranges[index].length);
    bytes.forEach((byte, at) => taken[index][from + at] = byte);
  };
  const error = await readRanges(source, ranges, { take })
    .then(() => undefined, (error) => error);
  return { taken, error };
}

test("streamed ranges are whole, however their pieces come", async () => {
  const file = fileOf(100 * BLOCK + 77);
  const random = randomNumbers(3);
  for (let round = 0; round < 60; round++) {
    const source = await open(file, streaming(file.bytes, random));
    const ranges = Array.from({ length: 1 + random(5) }, () => {
      const offset = random(file.bytes.length);
      const length = random(Math.min(20_000, file.bytes.length - offset + 1));
      return { offset, length };
    });
    const { taken, error } = await streamed(source, ranges);
    assert.equal(error, undefined);
    for (const [index, { offset, length }] of ranges.entries()) {
      const expected = file.bytes.subarray(offset, offset + length);
      assert.deepEqual(taken[index], [...expected], `${offset}, ${length}`);
    }
  }
});

/** A source whose ranges come at the same time, in pieces of any length. */
function streamingAtOnce(bytes: Uint8Array, random: Random): ByteSource {
  return {
    ...streaming(bytes, random),
    async streamRanges(ranges, take) {
      await Promise.all(ranges.map(async ({ offset, length }, index) => {
        for (let done = 0; done < length;) {
          const stop = Math.min(length, done + 1 + random(9000));
          const buffer = bytes.slice(offset + done, offset + stop);
          await take(buffer, { offset: offset + done, index });
          buffer.fill(0xee);
          done = stop;
        }
      }));
    },
  };
}

test("ranges that come at the same time are taken in turn", async () => {
  const file = fileOf(900 * BLOCK);
  const random = randomNumbers(6);
  const source = await open(file, streamingAtOnce(file.bytes, random));
  const ranges = Array.from({ length: 9 }, (_, index) => ({
    offset: index * 100 * BLOCK,
    length: 99 * BLOCK,
  }));
  let taken = 0;
  await readRanges(source, ranges, {
    async take(bytes, { offset }) {
      const expected = file.bytes.subarray(offset, offset + bytes.length);
      await sleep(random(3));
      assert(Buffer.compare(bytes, expected) === 0, `${offset}`);
      taken += bytes.length;
    },
  });
  assert.equal(taken, 9 * 99 * BLOCK);
});

test("a range of more than a part is streamed in whole blocks", async () => {
  const file = fileOf(300 * BLOCK + 1);
  const source = await open(file, streaming(file.bytes, randomNumbers(5)));
  const { taken, error } = await streamed(source, [
    { offset: 0, length: file.bytes.length },
  ]);
  assert.equal(error, undefined);
  assert.deepEqual(taken[0], [...file.bytes]);
});

test("nothing of a wrong block is streamed", async () => {
  const file = fileOf(100 * BLOCK + 77);
  const right = file.bytes.slice();
  const random = randomNumbers(4);
  for (let round = 0; round < 60; round++) {
    const source = await open(file, streaming(file.bytes, random));
    const offset = random(90 * BLOCK);
    const length = 1 + random(8 * BLOCK);
    // Also in the parts of blocks that were not asked for.
    const first = offset - offset % BLOCK;
    const stop = Math.ceil((offset + length) / BLOCK) * BLOCK;
    const wrong = first + random(Math.min(stop, right.length) - first);
    file.bytes[wrong] ^= 0x80;
    const { taken, error } = await streamed(source, [{ offset, length }]);
    file.bytes[wrong] ^= 0x80;
    assert(error instanceof IntegrityError, String(error));
    assert.equal(error.offset, wrong - wrong % BLOCK);
    for (const [index, byte] of taken[0].entries()) {
      if (byte === undefined) continue;
      const at = offset + index;
      assert.equal(byte, right[at]);
      assert.notEqual(Math.floor(at / BLOCK), Math.floor(wrong / BLOCK));
    }
  }
});

test("bytes that come again replace those of a block that is not whole", async () => {
  const file = fileOf(10 * BLOCK);
  const memory = memorySource(file.bytes);
  const source = await open(file, {
    name: "again",
    byteLength: file.bytes.length,
    readInto: (...read) => memory.readInto(...read),
    async streamRanges(_, take) {
      const piece = (from: number, end: number, change = 0) =>
        take(file.bytes.slice(from, end).map((byte) => byte ^ change), {
          offset: from,
          index: 0,
        });
      await piece(0, 5000);
      await piece(5000, 6000, 1); // damaged, and the answer ends here
      await piece(4500, 7000); // from the middle of a block
      await piece(100, 9000); // from the middle of one that was passed on
      await piece(9000, 10 * BLOCK);
    },
  });
  const length = 10 * BLOCK - 30;
  const { taken, error } = await streamed(source, [{ offset: 20, length }]);
  assert.equal(error, undefined);
  assert.deepEqual(taken[0], [...file.bytes.subarray(20, 20 + length)]);
});
