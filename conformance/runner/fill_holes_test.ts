import assert from "node:assert/strict";
import { test } from "node:test";
import { fillHoles } from "./fill_holes.ts";

/** Hashes of the constants of levels 0 and 1, as SPEC.md 14.6 lists them. */
const OF_ZEROS =
  "ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7";
const OF_LEVEL_1 =
  "b24a5dfc7087b09c7378bb9100b5ea913f283da2c8ca05297f39457cbdd651d4";

/** Returns what a block of a sidecar holds: a hash 128 times, or zeros. */
function blockAt(sidecar: Uint8Array, index: number): string {
  const block = sidecar.subarray(4096 * index, 4096 * (index + 1));
  const texts = new Set<string>();
  for (let at = 0; at < block.length; at += 32) {
    texts.add(
      Array.from(
        block.subarray(at, at + 32),
        (it) => it.toString(16).padStart(2, "0"),
      ).join(""),
    );
  }
  return [...texts].join();
}

test("fillHoles() fills full blocks of zeros, and no others", () => {
  const zeros = "0".repeat(64);
  // 16,385 data blocks: a hash block of level 3, 2 of level 2, 129 of level 1.
  const sidecar = new Uint8Array(4096 * (1 + 1 + 2 + 129));
  fillHoles(sidecar, 4096 * 16385);
  assert.equal(blockAt(sidecar, 0), zeros);
  assert.equal(blockAt(sidecar, 1), zeros);
  assert.equal(blockAt(sidecar, 2), OF_LEVEL_1);
  assert.equal(blockAt(sidecar, 3), zeros);
  for (let leaf = 4; leaf < 132; leaf++) {
    assert.equal(blockAt(sidecar, leaf), OF_ZEROS);
  }
  assert.equal(blockAt(sidecar, 132), zeros);
});

test("fillHoles() changes no block that is not zero, nor a sidecar of another length", () => {
  const sidecar = new Uint8Array(8192);
  sidecar[8191] = 1;
  const before = sidecar.slice();
  fillHoles(sidecar, 524288);
  assert.deepEqual(sidecar, before);
  for (const length of [0, 4096, 4097, 12288]) {
    const other = new Uint8Array(length);
    fillHoles(other, 524288);
    assert.deepEqual(other, new Uint8Array(length));
  }
});
