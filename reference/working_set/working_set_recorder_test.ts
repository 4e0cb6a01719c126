import assert from "node:assert/strict";
import { test } from "node:test";
import { readProfile, writeProfile } from "../../format/profile/mod.ts";
import { PROFILE_RUNS_MAX } from "../../format/stream/mod.ts";
import { WorkingSetRecorder } from "./working_set_recorder.ts";

const IDENTITY = "5e".repeat(32);
const BLOCKS = [
  { idstr: "pc.ram", usedLength: 0x10000000, pageSize: 4096 },
  { idstr: "rom", usedLength: 0x2000, pageSize: 4096 },
];

test("pages are recorded in runs, in the order of their first requests", () => {
  const recorder = new WorkingSetRecorder(BLOCKS);
  const asked: [string, number][] = [
    ...[5, 6, 7, 6, 3, 4, 5, 8].map((it): [string, number] => ["pc.ram", it]),
    ...[0, 1].map((it): [string, number] => ["rom", it]),
    ...[9, 0xffff, 0x8000, 0x7fff].map((
      it,
    ): [string, number] => ["pc.ram", it]),
  ];
  const taken = asked.map(([idstr, page]) => recorder.record(idstr, page));
  assert.deepEqual(
    taken.flatMap((it, index) => it ? [] : [index]),
    [3, 6],
  );
  assert.equal(recorder.pageCount, asked.length - 2);
  const profile = recorder.profile(IDENTITY);
  assert.deepEqual(
    profile.runs.map(({ idstr, first, end }) => `${idstr} ${first}-${end}`),
    [
      ...["pc.ram 5-8", "pc.ram 3-5", "pc.ram 8-9", "rom 0-2", "pc.ram 9-10"],
      ...["pc.ram 65535-65536", "pc.ram 32768-32769", "pc.ram 32767-32768"],
    ],
  );
  assert.deepEqual(readProfile(writeProfile(profile)), profile);
});

test("a profile contains the pages recorded so far", () => {
  const recorder = new WorkingSetRecorder(BLOCKS);
  recorder.record("rom", 0);
  const before = recorder.profile(IDENTITY);
  recorder.record("rom", 1);
  assert.deepEqual(before.runs, [{ idstr: "rom", first: 0, end: 1 }]);
  assert.equal(recorder.profile(IDENTITY).runs[0].end, 2);
});

test("memory grows with the pages recorded, not with the RAM", () => {
  const usedLength = Number.MAX_SAFE_INTEGER - 255;
  const recorder = new WorkingSetRecorder([
    { idstr: "huge", usedLength, pageSize: 256 },
  ]);
  const last = usedLength / 256 - 1;
  assert.equal(recorder.record("huge", last), true);
  assert.equal(recorder.record("huge", last), false);
  assert.equal(recorder.record("huge", last - 1), true);
  assert.equal(recorder.pageCount, 2);
});

test("a full recording only extends its last run", () => {
  const recorder = new WorkingSetRecorder([
    { idstr: "ram", usedLength: 2 ** 40, pageSize: 4096 },
  ]);
  for (let n = 0; n < PROFILE_RUNS_MAX; n++) recorder.record("ram", 2 * n);
  const last = 2 * PROFILE_RUNS_MAX - 2;
  assert.equal(recorder.record("ram", 1), false);
  assert.equal(recorder.record("ram", last + 1), true);
  assert.equal(recorder.record("ram", last + 1), false);
  const { runs } = recorder.profile(IDENTITY);
  assert.equal(runs.length, PROFILE_RUNS_MAX);
  assert.deepEqual(runs.at(-1), { idstr: "ram", first: last, end: last + 2 });
});

test("a page outside the RAM is not recorded", () => {
  const recorder = new WorkingSetRecorder(BLOCKS);
  for (
    const [idstr, page, message] of [
      ["rom", 2, 'Cannot record page 2 of "rom": expected 0 to 1'],
      ["rom", -1, 'Cannot record page -1 of "rom": expected 0 to 1'],
      ["rom", 0.5, 'Cannot record page 0.5 of "rom": expected 0 to 1'],
      ["x", 0, 'Cannot record page 0 of "x": there is no such RAMBlock'],
    ] as const
  ) {
    assert.throws(() => recorder.record(idstr, page), new RangeError(message));
  }
  assert.equal(recorder.pageCount, 0);
});
