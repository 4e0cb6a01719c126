import assert from "node:assert/strict";
import { test } from "node:test";
import { writeProfile } from "../../format/profile/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { loadProfile } from "./load_profile.ts";
import { profileRuns } from "./profile_runs.ts";
import { snapshotIdentity } from "./snapshot_identity.ts";
import { WorkingSetRecorder } from "./working_set_recorder.ts";

async function recorded() {
  const file = await savedFile({ ram: testMemory(8, [1]) }, { machine: "pc" });
  const snapshot = await openSnapshot(memorySource(file, { name: "vm.mr" }));
  const recorder = new WorkingSetRecorder(snapshot.blocks);
  for (const page of [5, 1, 2]) recorder.record("ram", page);
  const identity = await snapshotIdentity(snapshot);
  return { snapshot, identity, profile: recorder.profile(identity) };
}

test("profileRuns() returns the runs of a profile of the snapshot", async () => {
  const { snapshot, profile } = await recorded();
  const runs = [
    { idstr: "ram", first: 5, end: 6 },
    { idstr: "ram", first: 1, end: 3 },
  ];
  assert.deepEqual(await profileRuns(profile, snapshot), runs);
  const text = new TextEncoder().encode(writeProfile(profile));
  const loaded = await loadProfile(memorySource(text));
  assert.deepEqual(await profileRuns(loaded, snapshot), runs);
});

test("a profile of another snapshot is refused, with both identities", async () => {
  const { snapshot, identity, profile } = await recorded();
  const other = "77".repeat(32);
  await assert.rejects(
    profileRuns({ ...profile, snapshot: other }, snapshot),
    new RangeError(
      'Cannot use the profile for "vm.mr": it is of snapshot ' +
        `${other}, expected ${identity}`,
    ),
  );
  await assert.rejects(
    profileRuns(profile, snapshot, { identity: other }),
    RangeError,
  );
});

test("a profile with wrong RAMBlocks is refused", async () => {
  const { snapshot, profile } = await recorded();
  const [ram] = profile.blocks;
  for (
    const [blocks, message] of [
      [[], /its RAMBlock 0 is missing, expected "ram" of 32768 bytes/],
      [[{ ...ram, usedLength: 65536 }], /is "ram" of 65536 bytes, expected/],
      [[ram, { ...ram, idstr: "x" }], /RAMBlock 1 is "x".*, expected missing/],
    ] as const
  ) {
    await assert.rejects(
      profileRuns({ ...profile, blocks }, snapshot),
      message,
    );
  }
});

test("a file too long for a profile is not read", async () => {
  await assert.rejects(
    loadProfile({
      name: "vm.mr",
      byteLength: 2 ** 40,
      readInto: () => Promise.reject(new Error("it was read")),
    }),
    /^SyntaxError: Cannot read "vm\.mr": it has 1099511627776 bytes, expected/,
  );
});

test("profileRuns() refuses a profile of another digest, if the file is checked", async () => {
  const { snapshot, identity } = await recorded();
  const recorder = new WorkingSetRecorder(snapshot.blocks);
  recorder.record("ram", 1);
  const digest = `sha256:${"5e".repeat(32)}`;
  const other = `sha256:${"77".repeat(32)}`;
  const profile = recorder.profile(identity, { digest });
  const { source } = snapshot;
  const checked = (digest: string) =>
    openSnapshot({
      name: source.name,
      byteLength: source.byteLength,
      digest,
      readInto: (...read) => source.readInto(...read),
    });
  assert.equal((await profileRuns(profile, snapshot)).length, 1);
  assert.equal((await profileRuns(profile, await checked(digest))).length, 1);
  const plain = recorder.profile(identity);
  assert.equal((await profileRuns(plain, await checked(other))).length, 1);
  await assert.rejects(
    profileRuns(profile, await checked(other)),
    /it is of the digest sha256:5e.*, expected sha256:77/,
  );
});
