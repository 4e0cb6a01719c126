/**
 * Opens and converts every vector of a sequential stream, and receives it as
 * from a socket.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  blobSource,
  type ByteSource,
  FormatError,
  memorySink,
  memorySource,
  openSnapshot,
  RuleError,
  type Snapshot,
  verifySnapshot,
} from "../../mod.ts";
import {
  convertSequential,
  openSequential,
  type SequentialSnapshot,
  writeSequential,
} from "../../reference/doors/convert.ts";
import {
  type ByteChannel,
  receiveMigration,
} from "../../reference/doors/qemu.ts";
import {
  type Expected,
  type ExpectedSequential,
  listVectors,
} from "../vectors/list_vectors.ts";

const VECTORS = listVectors().filter(({ expected }) =>
  expected.sequential !== undefined || expected.sequentialError !== undefined
);

test("there are vectors of sequential streams", () => {
  assert(VECTORS.length > 50);
});

for (const { path, expected, unpack } of VECTORS) {
  test(`openSequential() reads vectors/${path} as expected`, async () => {
    const bytes = unpack();
    const blob = blobSource(new Blob([bytes]));
    for (const source of [memorySource(bytes, { name: "memory" }), blob]) {
      // With little memory, the index and assembled pages go to a file.
      for (const memoryMax of [undefined, 0]) {
        if (expected.sequential === undefined) {
          await checkError(readAll(source, memoryMax), expected);
          continue;
        }
        using stream = await openSequential(source, { memoryMax });
        await checkStream(stream, expected.sequential);
      }
    }
  });

  test(`convertSequential() and receiveMigration() agree on vectors/${path}`, async () => {
    const bytes = unpack();
    const ignored = bytesInclude(bytes, "x-ignore-shared");
    const source = memorySource(bytes, { name: "stream" });
    const file = memorySink();
    const converted = convertSequential(source, file, { withoutVmdesc: true });
    if (expected.sequential === undefined || ignored) {
      await checkError(converted, ignored ? undefined : expected);
      assert.equal(file.bytes().length, 0, "no bytes remain");
    } else {
      await converted;
      await checkFile(file.bytes(), expected.sequential);
    }
    const received = memorySink();
    const receiving = receiveMigration(piecewise(bytes), received, {
      withoutVmdesc: true,
      pageSize: expected.sequential?.pageSize,
    });
    if (expected.sequential === undefined || ignored) {
      await assert.rejects(receiving, RuleError);
      assert.equal(received.bytes().length, 0, "no bytes remain");
    } else {
      await receiving;
      // A socket has no trailer, so all that arrives is kept.
      const trailer = path.endsWith("-trailer") ? "more" : "";
      assert.deepEqual(
        Buffer.from(received.bytes()),
        Buffer.concat([file.bytes(), Buffer.from(trailer)]),
      );
    }
  });
}

for (const { path, expected, unpack } of listVectors()) {
  const isMapped = expected.blocks !== undefined &&
    expected.options === undefined && expected.findings?.length === 0 &&
    !expected.blocks.some(({ ignored }) => ignored);
  if (!isMapped) continue;
  test(`writeSequential() and back keeps the state of vectors/${path}`, async () => {
    const snapshot = await openSnapshot(memorySource(unpack()));
    const { index, capabilities } = snapshot;
    if (index.layout !== "mapped-ram") return;
    if (capabilities.includes("x-ignore-shared")) return;
    const [stream, file] = [memorySink(), memorySink()];
    await writeSequential(snapshot, stream);
    await convertSequential(memorySource(stream.bytes()), file);
    const back = await openSnapshot(memorySource(file.bytes()));
    assert.deepEqual(await stateOf(back), await stateOf(snapshot));
    assert.equal((await verifySnapshot(back.source)).good, true);
  });
}

/**
 * Returns every item other than RAM's, in the order of the file, with its
 * bytes.
 */
async function stateOf(snapshot: Snapshot): Promise<unknown[]> {
  const { earlySections, earlyDirtyBitmaps, earlyParts } = snapshot.index;
  const { sections, dirtyBitmaps, parts } = await snapshot.deviceState();
  const items = [
    ...[...earlySections, ...earlyDirtyBitmaps, ...earlyParts],
    ...[...sections, ...dirtyBitmaps, ...parts],
  ].toSorted((a, b) => a.range.offset - b.range.offset);
  return await Promise.all(items.map(async ({ kind, range }) => {
    const bytes = new Uint8Array(range.length);
    await snapshot.source.readInto(bytes, range.offset);
    return [kind, Buffer.from(bytes).toString("hex")];
  }));
}

/**
 * Opens a stream and reads all of it; compressed pages are unpacked only by a
 * read.
 */
async function readAll(
  source: ByteSource,
  memoryMax: number | undefined,
): Promise<void> {
  using stream = await openSequential(source, { memoryMax });
  for (const block of stream.blocks) {
    await block.readInto(new Uint8Array(block.usedLength), 0);
  }
}

/** Compares an open stream with the expected values. */
async function checkStream(
  stream: SequentialSnapshot,
  expected: ExpectedSequential,
): Promise<void> {
  assert.equal(stream.machine, expected.machine);
  assert.equal(stream.pageSize, expected.pageSize);
  assert.deepEqual(await described(stream), expected.blocks);
  for (const block of stream.blocks) {
    const memory = new Uint8Array(block.usedLength).fill(0x5a);
    await block.readInto(memory, 0);
    for (let page = 0; page < block.pageCount; page++) {
      const start = page * block.pageSize;
      const end = start + block.pageSize;
      assert.deepEqual(await block.readPage(page), memory.subarray(start, end));
    }
  }
}

/** Checks a mapped-ram file converted from a stream. */
async function checkFile(
  bytes: Uint8Array,
  expected: ExpectedSequential,
): Promise<void> {
  const source = memorySource(bytes);
  const { good, findings } = await verifySnapshot(source);
  const rules = findings.map(({ rule }) => rule);
  assert(good && rules.every((it) => it === "vmdesc-present"), rules.join());
  const snapshot = await openSnapshot(source);
  assert.equal(snapshot.machine, expected.machine);
  const memories = (blocks: ExpectedSequential["blocks"]) =>
    blocks.map(({ presentRuns: _, ...block }) => block);
  assert.deepEqual(
    memories(await described(snapshot)),
    memories(expected.blocks),
  );
}

/** Describes blocks in the form of `expected.json`. */
async function described(
  { blocks }: SequentialSnapshot | Snapshot,
): Promise<ExpectedSequential["blocks"]> {
  return await Promise.all([...blocks].map(async (block) => {
    const { idstr, usedLength } = block;
    const memory = new Uint8Array(usedLength).fill(0x5a);
    await block.readInto(memory, 0);
    const presentRuns: [number, number][] = [];
    for await (const { first, end } of block.presentRuns()) {
      presentRuns.push([first, end]);
    }
    const sha256 = createHash("sha256").update(memory).digest("hex");
    return { idstr, usedLength, presentRuns, sha256 };
  }));
}

async function checkError(
  opened: Promise<unknown>,
  expected: Expected | undefined,
): Promise<void> {
  const error = await opened.then(() => undefined, (error: unknown) => error);
  assert(error instanceof RuleError, String(error));
  if (expected === undefined) return;
  const kind = error instanceof FormatError ? "format" : "unsupported";
  const { rule, offset } = error;
  assert.deepEqual({ kind, rule, offset }, expected.sequentialError);
  assert.doesNotMatch(error.message, /\n/);
}

/**
 * Makes a channel that delivers bytes in pieces of varying sizes from 1 byte
 * on.
 */
function piecewise(bytes: Uint8Array): ByteChannel {
  let at = 0;
  let length = 1;
  return {
    name: "channel",
    read(): Promise<Uint8Array | undefined> {
      if (at >= bytes.length) return Promise.resolve(undefined);
      const piece = bytes.slice(at, at + length);
      at += piece.length;
      length = length % 977 * 3 + 1;
      return Promise.resolve(piece);
    },
    write: () => Promise.resolve(),
    close(): void {},
  };
}

function bytesInclude(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder("latin1").decode(bytes).includes(text);
}
