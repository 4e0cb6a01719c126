import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENT, run, runAllGood, runBad } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { vectorBytes } from "../testing/vector_bytes.ts";

/** Writes a vector of the conformance suite to a file; returns its path. */
function vector(scratch: ScratchDirectory, path: string): string {
  return scratch.write(`${path.replaceAll("/", "-")}.mr`, vectorBytes(path));
}

test(
  "info prints a libvirt save image, its texts and its stream",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const sparse = vector(scratch, "libvirt/sparse");
    const raw = vector(scratch, "libvirt/raw");
    const [text, xml, json, sequential] = await runAllGood([
      ["info", sparse],
      ["info", sparse, "--xml"],
      ["info", sparse, "--json"],
      ["info", raw],
    ]);
    assert.match(
      text,
      /domain +small\n.*\n +format +sparse\n +guest +was paused/,
    );
    assert.match(text, /pc\.bios +64 KiB +16 +16 +100 %/);
    assert.match(text, /\nstate: ram compatible, devices precopy only\n/);
    assert(!text.includes("<domain"));
    assert.match(xml, /\n<domain type='qemu'/);
    assert.match(xml, /\n<cookie>\n/);
    const facts = JSON.parse(json);
    assert.equal(facts.libvirt.format, "sparse");
    assert.match(facts.libvirt.xml, /<name>small<\/name>/);
    assert.equal(facts.streamOffset, facts.libvirt.streamOffset);
    assert.equal(facts.devices[0].stateClass, "precopy only");
    assert.match(sequential, /format +raw\n/);
    assert.match(sequential, /layout +sequential/);
    assert.match(sequential, /pc\.bios +64 KiB +16 +16 +100 %/);
  },
);

test(
  "info prints the header of a packed image, and how to unpack it",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = vector(scratch, "libvirt/xz");
    const { code, stdout, stderr } = await run(["info", file]);
    assert.equal(code, 1);
    assert.match(stdout, /domain +small\n.*\n +format +xz\n/);
    assert.match(stderr, /tail -c \+67067 \S+ \| xz -dc > OUT$/m);
  },
);

test("info prints the layout of fixed-ram", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const [inline, header] = await runAllGood([
    ["info", vector(scratch, "valid/fixed-ram-inline")],
    ["info", vector(scratch, "valid/fixed-ram-header")],
  ]);
  assert.match(inline, /layout +fixed-ram with inline bitmaps\n/);
  assert.match(header, /layout +fixed-ram with the header of mapped-ram\n/);
});

test(
  "info prints evidence against the order of the bitmaps",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = vector(scratch, "valid/big-endian-host-padding");
    const good = vector(scratch, "valid/minimal");
    const [text, silent] = await runAllGood([["info", file], ["info", good]]);
    assert.match(
      text,
      /bitmaps +read as little-endian words of 8 bytes, but bits/,
    );
    assert(!silent.includes("bitmaps  "));
  },
);

test("info --devices prints fields, as text and as JSON", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = vector(scratch, "qemu/q35-blocks");
  const [text, json] = await runAllGood([
    ["info", file, "--devices"],
    ["info", file, "--devices", "--json"],
  ]);
  assert.match(text, /\ncpu 0 version 12\n/);
  assert.match(text, /\n {2}env\.eip {2}uint64 {2}0xfff0\n/);
  assert.match(
    text,
    /\nglobalstate 0 .*(\n {2}.*)*\n {2}runstate {2}buffer {2}"/,
  );
  const { devices } = JSON.parse(json);
  const cpu = devices.find((it: { idstr: string }) => it.idstr === "cpu");
  const eip = cpu.fields.find((it: { name: string }) => it.name === "env.eip");
  assert.deepEqual([eip.type, eip.size, eip.value], ["uint64", 8, "65520"]);
});

test("bitmaps lists dirty bitmaps and their ranges", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = vector(scratch, "valid/dirty-bitmap-content");
  const [json, text, info, none] = await runAllGood([
    ["bitmaps", file, "--json"],
    ["bitmaps", file],
    ["info", file],
    ["bitmaps", vector(scratch, "valid/minimal")],
  ]);
  const [first] = JSON.parse(json).bitmaps;
  assert.equal(first.node, "drive0");
  assert.deepEqual(first.ranges[0], { offset: 0, length: 131072 });
  assert.match(text, /\ndrive0 backup\n {2}0 131072\n/);
  assert.match(info, /\n2 dirty bitmaps\n/);
  assert.match(info, /drive1 +sync +512 bytes +disabled, persistent +2 KiB/);
  assert.match(info, /dirty-bitmap postcopy only/);
  assert.equal(none, "no dirty bitmaps\n");
  const broken = vector(scratch, "invalid/dirty-bitmap-bits/backwards");
  await runBad(["bitmaps", broken], 1, /\(dirty-bitmap-bits\)/);
});
