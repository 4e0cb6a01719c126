/**
 * Reads each vector of verified files in every way: no byte of a wrong block is
 * handed over.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  type ByteSource,
  cachedSource,
  IntegrityError,
  openFileSource,
  openSnapshot,
  type SyncByteSource,
  verifiedSource,
  verifiedSourceSync,
} from "../../mod.ts";
import { type SuiteVector, suiteVectors } from "../runner/suite_vectors.ts";

const BLOCK = 4096;
/** Blocks of the longest reads: many hash blocks are above one read. */
const READ_BLOCKS = 1024;
/** Of the files of 64 MiB, those that are read in every way. */
const LARGE = ["verity-data/three-levels", "valid/three-levels"];
const VECTORS = suiteVectors().filter(({ path, expected }) =>
  expected.verity !== undefined &&
  (!/\/(?:three-levels|16384-)/.test(path) ||
    LARGE.some((it) => path.endsWith(it)))
);

/** How a file is read: a source that checks it. */
type Open = (
  source: SyncByteSource,
  options: { readonly tree: SyncByteSource; readonly digest: string },
) => Promise<ByteSource>;

const WAYS: Readonly<Record<string, Open>> = {
  "alone": (source, options) => verifiedSource(source, options),
  "synchronously": (source, options) =>
    Promise.resolve(syncOnly(verifiedSourceSync(source, options))),
  "with a cache of the file and of the sidecar": (source, { tree, digest }) =>
    verifiedSource(cachedSource(source), { tree: cachedSource(tree), digest }),
  "in front of a cache": async (source, options) =>
    cachedSource(await verifiedSource(source, options), {
      blockSize: BLOCK,
      maxReadAhead: 0,
    }),
  "with room for one hash block": (source, options) =>
    verifiedSource(source, { ...options, maxBytes: BLOCK }),
};

/** Returns a source whose asynchronous reads are synchronous ones. */
function syncOnly(source: SyncByteSource): ByteSource {
  const { name, byteLength } = source;
  return {
    name,
    byteLength,
    readInto: (target, offset) => {
      return new Promise((resolve) => {
        source.readIntoSync(target, offset);
        resolve();
      });
    },
  };
}

/** What is handed over of a file. */
interface HandedOver {
  readonly sha256: string;
  readonly refused: readonly (readonly [number, number])[];
}

/**
 * Reads a whole file; a long read that fails is halved. Asserts that a refused
 * block leaves nothing in the target.
 */
async function readAll(source: ByteSource): Promise<HandedOver> {
  const hash = createHash("sha256");
  const refused: [number, number][] = [];
  async function read(first: number, end: number): Promise<void> {
    const offset = first * BLOCK;
    const length = Math.min(end * BLOCK, source.byteLength) - offset;
    const target = new Uint8Array(length).fill(0xee);
    try {
      await source.readInto(target, offset);
      hash.update(target);
      return;
    } catch (error) {
      assert(error instanceof IntegrityError, String(error));
    }
    if (end - first === 1) {
      assert(target.every((byte) => byte === 0 || byte === 0xee));
      const run = refused.at(-1);
      if (run?.[1] === first) run[1] = end;
      else refused.push([first, end]);
      return;
    }
    const middle = Math.ceil((first + end) / 2);
    await read(first, middle);
    await read(middle, end);
  }
  const blocks = Math.ceil(source.byteLength / BLOCK);
  for (let first = 0; first < blocks; first += READ_BLOCKS) {
    await read(first, Math.min(blocks, first + READ_BLOCKS));
  }
  return { sha256: hash.digest("hex"), refused };
}

/** Calls `body` with the file and the sidecar of a vector. */
async function withVector(
  { unpackTo, unpackSidecarTo }: SuiteVector,
  body: (file: SyncByteSource, tree: SyncByteSource) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-verified-"));
  try {
    unpackTo(join(folder, "file"));
    unpackSidecarTo?.(join(folder, "tree"));
    using file = openFileSource(join(folder, "file"));
    using tree = openFileSource(join(folder, "tree"));
    await body(file, tree);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [way, open] of Object.entries(WAYS)) {
  test(`verifiedSource() reads each vector as expected ${way}`, {
    timeout: 120_000,
  }, async () => {
    for (const vector of VECTORS) {
      const { path, expected: { options, verity } } = vector;
      await withVector(vector, async (file, tree) => {
        const { digest = "" } = options ?? {};
        const source = await open(file, { tree, digest });
        const { sha256, refused } = await readAll(source);
        assert.deepEqual(refused, verity?.refused, path);
        assert.equal(sha256, verity?.sha256, path);
      });
    }
  });
}

test("a page of a snapshot that was changed is refused, and no other", async () => {
  const [vector] = VECTORS.filter(({ path }) =>
    path.endsWith("/snapshot-page")
  );
  const { digest = "" } = vector.expected.options ?? {};
  await withVector(vector, async (file, tree) => {
    const source = await verifiedSource(file, { tree, digest });
    const [ram] = (await openSnapshot(source)).blocks;
    for (let page = 0; page < ram.pageCount; page++) {
      const read = () => ram.readPage(page);
      if (page === 3) await assert.rejects(read, IntegrityError);
      else await read();
    }
    const plain = (await openSnapshot(file)).blocks[0];
    assert.deepEqual(await ram.readPage(4), await plain.readPage(4));
  });
});

test("a read of a few bytes hands over nothing of a block that is refused", async () => {
  for (const vector of VECTORS) {
    const { path, expected: { options, verity } } = vector;
    const { digest = "" } = options ?? {};
    await withVector(vector, async (file, tree) => {
      const source = await verifiedSource(file, { tree, digest });
      for (const [first, end] of verity?.refused ?? []) {
        const start = first * BLOCK;
        const last = Math.min(end * BLOCK, source.byteLength);
        for (
          const [offset, length] of [
            [start, 1],
            [last - 1, 1],
            [Math.max(0, start - 8), Math.min(16, source.byteLength)],
            [last - 8, Math.min(16, source.byteLength - last + 8)],
          ]
        ) {
          if (offset < 0 || offset + length > source.byteLength) continue;
          const target = new Uint8Array(length).fill(0xee);
          await assert.rejects(
            async () => await source.readInto(target, offset),
            IntegrityError,
            `${path} at ${offset}`,
          );
          assert(target.every((byte) => byte === 0), path);
        }
      }
    });
  }
});
