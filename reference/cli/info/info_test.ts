import assert from "node:assert/strict";
import { test } from "node:test";
import {
  PATIENT,
  run,
  runAllBad,
  runAllGood,
  runBad,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import {
  fixtureSnapshot,
  RAM_LENGTH,
  TABLES,
} from "../testing/snapshot_fixture.ts";

test("info prints the contents of a snapshot", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const [text, json, map] = await runAllGood([
    ["info", file],
    ["info", file, "--json"],
    ["info", file, "--map"],
  ]);
  assert.match(text, /machine +pc-i440fx-10\.0\n/);
  assert.match(text, /pc\.ram +3 MiB +768 +512 +67 % +2 MiB +0x/);
  assert.match(text, /\n0 device sections\n/);
  assert(!text.includes("\x1b"), "no colour in a pipe");

  const facts = JSON.parse(json);
  assert.equal(facts.file, file);
  assert.equal(facts.machine, "pc-i440fx-10.0");
  assert.deepEqual(facts.capabilities, ["mapped-ram"]);
  assert.equal(facts.trailerBytes, 0);
  assert.equal(facts.streamEnd, facts.byteLength);
  assert(facts.allocatedBytes >= 0);
  const [ram, , tables] = facts.blocks;
  assert.equal(ram.idstr, "pc.ram");
  assert.equal(ram.usedLength, RAM_LENGTH);
  assert.equal(ram.pageCount, 768);
  assert.equal(ram.presentPages, 512);
  assert.equal(ram.pagesOffset, 0x100000);
  assert.equal(tables.idstr, TABLES);
  assert.equal(tables.presentBytes, 0x1000);

  // One character per page: 12 rows of 64 pages.
  assert.match(map, /\n {2}pc\.ram {2}3 MiB, 512 of 768 pages, 67 %\n/);
  assert.match(map, /\n {4}00000000 {2}█{64}\n {4}00040000 {2}█{64}\n/);
  assert.match(map, /\n {4}00100000 {2}·{64}\n/);
  assert.match(map, /one character: 4 KiB, 1 page; of them stored:/);
});

test("info finds a stream at --offset, and a trailer", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const snapshot = await fixtureSnapshot();
  const file = scratch.write(
    "trailer.mr",
    concat(snapshot, new Uint8Array(99)),
  );
  const { stdout } = await runGood(["info", file]);
  assert.match(stdout, /trailer +99 bytes at 0x/);
  await runBad(["info", file, "--offset", "0x10"], 1, /byte 0x10: .*magic/);
});

test(
  "info prints the RAM even if what follows is broken",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const snapshot = await fixtureSnapshot();
    const eof = snapshot.length - vmdescLength(snapshot) - 1;
    snapshot[eof] = 0x55;
    const file = scratch.write("broken.mr", snapshot);
    const { code, stdout, stderr } = await run(["info", file]);
    assert.equal(code, 1);
    assert.match(stdout, /pc\.ram +3 MiB/);
    assert.match(stderr, /^error: Cannot read ".*": byte 0x.*\(item-type\)\n$/);
  },
);

test("info refuses a QEMU that it cannot compare with", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const socket = `unix:${scratch.path}/no.sock`;
  const program = `${scratch.path}/no-such-qemu`;
  await runAllBad([
    [["info", file, "--against"], 2, /--against: its value is missing/],
    [["info", file, "--try"], 2, /Cannot use --try without --against/],
    [["info", file, "--try", "--against", socket], 2, /Cannot use --try: /],
    [["info", file, "--against", "-M 'pc"], 2, /nothing closes '/],
    [["info", file, "--against", socket], 1, /Cannot connect to unix:/],
    [["info", file, "--against", "tcp:nowhere"], 1, /expected unix:PATH or/],
    [
      ["info", file, "--against", `${program} -M pc`],
      1,
      /Cannot start ".*no-s/,
    ],
  ]);
});

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

/** Returns the length of the vmdesc item at the end of a file. */
function vmdescLength(file: Uint8Array): number {
  const text = new TextDecoder("latin1").decode(file);
  return file.length - text.lastIndexOf('{"configuration"') + 5;
}
