import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type RuleSlug, UnsupportedError } from "../../format/rules/mod.ts";
import { IntegrityError, memorySource } from "../sources/mod.ts";
import { verifiedSourceSync } from "./mod.ts";
import {
  openSync,
  sealed,
  type SealedFile,
  WAYS,
} from "./testing/verified_ways.ts";

const BLOCK = 4096;

/** Returns a file of which each block differs. */
function fileOf(length: number): SealedFile {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = at % 251 + (at >> 12);
  return sealed(bytes);
}

/** Reads all of a file in one way; returns the bytes. */
async function readAll(way: string, file: SealedFile): Promise<Uint8Array> {
  const read = await WAYS[way](file);
  const target = new Uint8Array(file.bytes.length);
  await read(target, 0);
  return target;
}

async function assertRefused(
  file: SealedFile,
  rules: readonly RuleSlug[],
  what: string,
): Promise<void> {
  for (const way of Object.keys(WAYS)) {
    await assert.rejects(readAll(way, file), (error) => {
      assert(error instanceof IntegrityError, `${what}, ${way}: ${error}`);
      assert(rules.includes(error.rule), `${what}, ${way}: ${error.rule}`);
      assert.equal(error.digest, file.digest);
      return true;
    });
  }
}

test("files of every kind of length are read as they are", async () => {
  for (
    const length of [
      ...[0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 128 * BLOCK],
      ...[128 * BLOCK + 1, 129 * BLOCK, 300 * BLOCK + 7],
    ]
  ) {
    const file = fileOf(length);
    for (const way of Object.keys(WAYS)) {
      assert.deepEqual(
        await readAll(way, file),
        file.bytes,
        `${length} ${way}`,
      );
    }
    const source = openSync(file);
    assert.equal(source.byteLength, length);
    assert.throws(() => source.readIntoSync(new Uint8Array(1), length));
  }
});

test("truncated and extended files and sidecars are refused", async () => {
  for (const length of [1, BLOCK, 3 * BLOCK + 10, 130 * BLOCK]) {
    const file = fileOf(length);
    for (const change of [-BLOCK, -1, 1, BLOCK]) {
      if (length + change < 0) continue;
      const bytes = new Uint8Array(length + change);
      bytes.set(file.bytes.subarray(0, bytes.length));
      const what = `${length} bytes and ${change}`;
      await assertRefused({ ...file, bytes }, ["verity-data-size"], what);
    }
    const { length: whole } = file.sidecar;
    for (const cut of [0, 1, 255, 256, 4095, whole - 1, whole + 1, 2 * whole]) {
      if (cut === whole) continue;
      const sidecar = new Uint8Array(cut);
      sidecar.set(file.sidecar.subarray(0, cut));
      const what = `a sidecar of ${cut}, not ${whole}`;
      await assertRefused({ ...file, sidecar }, ["verity-length"], what);
    }
  }
});

/** Returns bytes with two ranges of the same length swapped. */
function swapped(
  bytes: Uint8Array,
  [a, b]: readonly [number, number],
  length: number,
): Uint8Array {
  const result = bytes.slice();
  result.set(bytes.subarray(b, b + length), a);
  result.set(bytes.subarray(a, a + length), b);
  return result;
}

test("swapped blocks and hashes are refused", async () => {
  const file = fileOf(300 * BLOCK);
  const data = swapped(file.bytes, [5 * BLOCK, 200 * BLOCK], BLOCK);
  await assertRefused({ ...file, bytes: data }, ["verity-data"], "data");
  const tree = swapped(file.sidecar, [2 * BLOCK, 3 * BLOCK], BLOCK);
  await assertRefused({ ...file, sidecar: tree }, ["verity-tree"], "hashes");
  const levels = swapped(file.sidecar, [BLOCK, 2 * BLOCK], BLOCK);
  await assertRefused({ ...file, sidecar: levels }, ["verity-tree"], "levels");
  // With the data that they belong to.
  const slots = swapped(file.sidecar, [2 * BLOCK, 2 * BLOCK + 32], 32);
  const both = swapped(file.bytes, [0, BLOCK], BLOCK);
  const moved = { ...file, bytes: both, sidecar: slots };
  await assertRefused(moved, ["verity-tree"], "a hash with its data");
});

test("the sidecar of another file or version is refused", async () => {
  const file = fileOf(200 * BLOCK);
  const changed = file.bytes.slice();
  changed[150 * BLOCK] ^= 1;
  const version = sealed(changed);
  for (const { sidecar } of [version, fileOf(BLOCK), sealed(file.sidecar)]) {
    await assertRefused({ ...file, sidecar }, ["verity-digest"], "another");
  }
  // Its tree under the right descriptor.
  const sidecar = version.sidecar.slice();
  sidecar.set(file.sidecar.subarray(0, BLOCK));
  await assertRefused({ ...file, sidecar }, ["verity-tree"], "another tree");
  // Another version with the right sidecar.
  const bytes = version.bytes;
  await assertRefused({ ...file, bytes }, ["verity-data"], "another version");
});

test("an honest other descriptor is unsupported, another is not trusted", () => {
  const { bytes, sidecar, digest } = fileOf(3 * BLOCK);
  for (
    const [name, offset, value] of [
      ["version", 0, 2],
      ["hash_algorithm", 1, 2],
      ["log_blocksize", 2, 16],
      ["salt_size", 3, 8],
      ["sig_size", 4, 1],
      [" at 48", 48, 1],
      [" at 80", 80, 1],
      [" at 255", 255, 1],
    ] as const
  ) {
    const changed = sidecar.slice();
    changed[offset] = value;
    const open = (digest: string) =>
      verifiedSourceSync(memorySource(bytes), {
        tree: memorySource(changed),
        digest,
      });
    const hash = createHash("sha256").update(changed.subarray(0, 256));
    const honest = `sha256:${hash.digest("hex")}`;
    assert.throws(() => open(honest), (error) => {
      assert(error instanceof UnsupportedError, String(error));
      assert.equal(error.rule, "verity-descriptor");
      assert(error.message.includes(name), error.message);
      return true;
    });
    assert.throws(() => open(digest), (error) => {
      assert(error instanceof IntegrityError, String(error));
      assert.equal(error.rule, "verity-digest");
      return true;
    });
  }
});

test("a wrong digest or bound is a wrong argument", () => {
  const { bytes, sidecar, digest } = fileOf(BLOCK);
  const open = (options: object) => () =>
    verifiedSourceSync(memorySource(bytes), {
      tree: memorySource(sidecar),
      digest,
      ...options,
    });
  for (
    const wrong of ["", digest.slice(7), digest.toUpperCase(), `${digest}0`]
  ) assert.throws(open({ digest: wrong }), RangeError);
  for (const maxBytes of [0, BLOCK - 1, NaN]) {
    assert.throws(open({ maxBytes }), RangeError);
  }
});
