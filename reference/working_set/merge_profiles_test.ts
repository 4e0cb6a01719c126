import assert from "node:assert/strict";
import { test } from "node:test";
import type { WorkingSetProfile } from "../../format/profile/mod.ts";
import { mergeProfiles } from "./merge_profiles.ts";

const BLOCKS = [
  { idstr: "ram", usedLength: 0x100000, pageSize: 4096 },
  { idstr: "rom", usedLength: 0x100000, pageSize: 4096 },
];

/** Returns a profile with runs given as `ram 3-5, rom 0-1`. */
function profile(runs: string, blocks = BLOCKS): WorkingSetProfile {
  return {
    snapshot: "5e".repeat(32),
    blocks,
    runs: runs.split(", ").filter((it) => it !== "").map((it) => {
      const [idstr, first, end] = it.split(/[ -]/);
      return { idstr, first: Number(first), end: Number(end) };
    }),
  };
}

function merged(...profiles: readonly string[]): string {
  return mergeProfiles(profiles.map((it) => profile(it))).runs
    .map(({ idstr, first, end }) => `${idstr} ${first}-${end}`).join(", ");
}

test("mergeProfiles() returns a single profile unchanged", () => {
  for (const runs of ["", "rom 5-6, ram 3-9, ram 0-3"]) {
    assert.equal(merged(runs), runs);
    assert.equal(merged(runs, runs, runs), runs);
  }
});

test("pages of more recordings come first, whatever their ranks", () => {
  assert.equal(
    merged("ram 0-9, ram 50-51", "ram 20-30, ram 50-51", "ram 50-51, rom 1-2"),
    "ram 50-51, ram 0-9, ram 20-30, rom 1-2",
  );
  assert.equal(merged("ram 0-10", "ram 4-6"), "ram 4-6, ram 0-4, ram 6-10");
});

test("pages of equally many recordings are in the order of their mean ranks", () => {
  // Ranks: ram 1 has 0 and 2, ram 5 has 1 and 0, ram 9 has 2 and 1.
  assert.equal(
    merged("ram 1-2, ram 5-6, ram 9-10", "ram 5-6, ram 9-10, ram 1-2"),
    "ram 5-6, ram 1-2, ram 9-10",
  );
});

test("neither the order of the profiles nor ties change the result", () => {
  const all = ["ram 7-9, rom 0-4", "rom 2-3, ram 8-20, ram 0-3", "ram 0-1"];
  const [a, b, c] = all;
  const orders = [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, b, a]];
  assert.equal(new Set(orders.map((it) => merged(...it))).size, 1);
  assert.equal(merged("rom 3-4", "ram 9-10"), "ram 9-10, rom 3-4");
});

test("a merge contains every page exactly once", () => {
  const all = [
    "ram 5-60, rom 0-40",
    "ram 50-70, ram 0-7, rom 39-41",
    "ram 6-7",
  ];
  const pages = (runs: string) =>
    profile(runs).runs.flatMap(({ idstr, first, end }) =>
      Array.from({ length: end - first }, (_, n) => `${idstr} ${first + n}`)
    );
  const found = pages(merged(...all));
  assert.deepEqual(found.toSorted(), [...new Set(all.flatMap(pages))].sort());
});

test("the cost of a merge does not depend on the lengths of runs", () => {
  const usedLength = Number.MAX_SAFE_INTEGER - 255;
  const blocks = [{ idstr: "ram", usedLength, pageSize: 256 }];
  const end = usedLength / 256;
  const { runs } = mergeProfiles([
    profile(`ram 0-${end}`, blocks),
    profile("ram 77-78", blocks),
  ]);
  assert.deepEqual(runs.map((it) => [it.first, it.end]), [
    [77, 78],
    [0, 77],
    [78, end],
  ]);
});

test("profiles of different snapshots are refused", () => {
  assert.throws(() => mergeProfiles([]), RangeError);
  const one = profile("ram 1-2");
  const other = { ...one, snapshot: "77".repeat(32) };
  assert.throws(
    () => mergeProfiles([one, other]),
    new RangeError(
      "Cannot merge profiles of different snapshots: found " +
        `${other.snapshot}, expected ${one.snapshot}`,
    ),
  );
  assert.throws(
    () => mergeProfiles([one, { ...one, blocks: BLOCKS.slice(0, 1) }]),
    /they differ in RAMBlock 1 of snapshot 5e/,
  );
});

test("profiles of one digest are merged, and of others refused", () => {
  const plain = profile("ram 1-2");
  const one = { ...plain, digest: `sha256:${"5e".repeat(32)}` };
  const other = { ...plain, digest: `sha256:${"77".repeat(32)}` };
  assert.equal(mergeProfiles([plain, one]).digest, one.digest);
  assert.equal("digest" in mergeProfiles([plain, plain]), false);
  assert.throws(
    () => mergeProfiles([one, plain, other]),
    /profiles of different files: found the digests sha256:5e.*, sha256:77/,
  );
});
