import assert from "node:assert/strict";
import { test } from "node:test";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { openHttpSource } from "../http/mod.ts";
import { sliceSource } from "./slice_source.ts";
import { finish, opened } from "../testing/run_unruly.ts";
import { UnrulyFetch } from "../testing/unruly_fetch.ts";
import type { ByteSource } from "./byte_source.ts";
import { cachedSource } from "./cached_source.ts";
import { memorySource } from "./memory_source.ts";
import { readRanges } from "./read_ranges.ts";

/** Longer than a piece of a source that does not stream. */
const BYTES = Uint8Array.from({ length: 0x90000 }, (_, at) => at % 251);
/** Disjoint, nested, empty, and longer than a piece. */
const RANGES = [
  { offset: 0x60000, length: 0x1000 },
  { offset: 0x60800, length: 0x100 },
  { offset: 7, length: 0 },
  { offset: 0x1000, length: 0x51234 },
  { offset: 0, length: 1 },
];

/** Reads each range to a buffer, by the offset of each piece. */
async function readAll(source: ByteSource): Promise<Uint8Array[]> {
  const targets = RANGES.map(({ length }) => new Uint8Array(length));
  let isTaking = false;
  await readRanges(source, RANGES, {
    async take(bytes, { offset, index }) {
      assert(!isTaking, "two pieces at once");
      isTaking = true;
      await new Promise((resolve) => setTimeout(resolve));
      targets[index].set(bytes, offset - RANGES[index].offset);
      isTaking = false;
    },
  });
  return targets;
}

const SOURCES: Readonly<Record<string, (source: ByteSource) => ByteSource>> = {
  "it": (source) => source,
  "a cache over it": (source) => cachedSource(source),
  "a part of it": (source) =>
    sliceSource(source, { offset: 0x1000, length: 0x80000 }),
};

for (const [name, over] of Object.entries(SOURCES)) {
  const start = name === "a part of it" ? 0x1000 : 0;
  const expected = RANGES.map(({ offset, length }) =>
    BYTES.slice(start + offset, start + offset + length)
  );

  test(`readRanges() reads memory: ${name}`, async () => {
    assert.deepEqual(await readAll(over(memorySource(BYTES))), expected);
  });

  test(`readRanges() reads a URL, however it answers: ${name}`, async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const server = new UnrulyFetch(BYTES, randomNumbers(seed));
      const options = { fetch: server.fetch, retries: 50, retryDelay: 0 };
      const source = over(
        await opened(server, openHttpSource("http://example.com/vm", options)),
      );
      assert.notEqual(source.streamRanges, undefined);
      const read = readAll(source);
      await finish(server, read);
      assert.deepEqual(await read, expected);
    }
  });
}

test("readRanges() fails with the error of its consumer, and reads no more", async () => {
  const full = new Error("no space");
  let count = 0;
  const take = () => {
    count++;
    return Promise.reject(full);
  };
  await assert.rejects(
    readRanges(memorySource(BYTES), RANGES, { take }),
    (error) => error === full,
  );
  assert.equal(count, 1);
});

test("readRanges() reads small pieces of a source with one read at a time", async () => {
  const memory = memorySource(BYTES);
  const lengths = await Promise.all([undefined, 1, 2].map(async (count) => {
    let longest = 0;
    const source: ByteSource = {
      name: "source",
      byteLength: BYTES.length,
      parallelReads: count,
      readInto(target, offset) {
        longest = Math.max(longest, target.length);
        return memory.readInto(target, offset);
      },
    };
    await readRanges(source, [{ offset: 0, length: BYTES.length }], {
      take: () => Promise.resolve(),
    });
    return longest;
  }));
  assert.equal(lengths[1], lengths[0]);
  assert.ok(lengths[2] > lengths[0]);
});
