import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { test } from "node:test";
import { openSnapshot } from "../../reading/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import {
  PATIENT,
  run,
  runAll,
  runAllGood,
  runBad,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { damage, writeSealed } from "../testing/sealed_file.ts";
import { startSecretServer } from "../testing/secret_server.ts";
import { fixtureGuest } from "../testing/snapshot_fixture.ts";
import { vectorBytes } from "../testing/vector_bytes.ts";

/** Returns the fixture with other bytes in some pages, and another timer. */
async function laterGuest(): Promise<Uint8Array> {
  const bytes = await fixtureGuest();
  const { blocks, index } = await openSnapshot(memorySource(bytes));
  const [ram] = blocks;
  for (const page of [3, 4, 0x210]) {
    bytes[ram.pagesOffset + page * ram.pageSize + 100] ^= 0xff;
  }
  // The state of the timer, after the head of its section.
  const head = 1 + 4 + 1 + "timer".length + 4 + 4;
  bytes[index.ramEnd + head] = 0x2a;
  return bytes;
}

test("diff prints what differs, and exits with 1", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const a = scratch.write("a.mr", await fixtureGuest());
  const b = scratch.write("b.mr", await laterGuest());
  const { code, stdout, stderr } = await run(["diff", a, b, "--map"]);
  assert.equal(stderr, "");
  assert.equal(code, 1);
  const lines = stdout.split("\n");
  assert.deepEqual(lines.slice(0, 8), [
    "Pages",
    "  pc.ram  changed   0x3000 to 0x4fff  2 pages",
    "  pc.ram  changed   0x210000 to 0x210fff  1 page",
    "",
    "Devices",
    "  timer 0",
    "    ticks  uint8  0 → 0x2a",
    "",
  ]);
  assert.match(stdout, /^ {2}pc\.ram +768 +3 +0 +0 +12 KiB +< 1 % +0 +0$/m);
  assert.match(stdout, /^ {2}pc\.ram {2}3 MiB, 3 of 768 pages, < 1 %$/m);
  assert.match(stdout, /of them different:\n/);
  assert.equal(
    lines.at(-2),
    `${a} and ${b} differ: 3 pages (12 KiB), 1 field of devices`,
  );
});

test(
  "diff exits with 0 if nothing differs, even by another name",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const a = scratch.write("a.mr", await fixtureGuest());
    const b = scratch.write("b.mr", await fixtureGuest());
    const link = scratch.file("link.mr");
    symlinkSync(a, link);
    for (const other of [a, b, link]) {
      const { stdout } = await runGood(["diff", a, other]);
      assert.ok(stdout.endsWith(`${a} and ${other} are the same\n`), stdout);
    }
    const { stdout } = await runGood(["diff", a, link, "--json"]);
    const { event, same, readBytes, sharedBytes } = JSON.parse(
      stdout.trim().split("\n").at(-1) ?? "",
    );
    assert.deepEqual([event, same, readBytes], ["diff", true, 0]);
    assert.ok(sharedBytes > 0x200000);
  },
);

test("diff --json prints an event for each difference", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const a = scratch.write("a.mr", await fixtureGuest());
  const b = scratch.write("b.mr", await laterGuest());
  const { code, stdout } = await run(["diff", a, b, "--json"]);
  assert.equal(code, 1);
  const events = stdout.trim().split("\n").map((it) => JSON.parse(it));
  const pages = { event: "pages", idstr: "pc.ram", change: "changed" };
  assert.deepEqual(events.slice(0, 3), [
    {
      ...pages,
      ...{ first: 3, end: 5, offset: 0x3000, length: 0x2000 },
    },
    {
      ...pages,
      ...{ first: 0x210, end: 0x211, offset: 0x210000, length: 0x1000 },
    },
    {
      event: "field",
      ...{ idstr: "timer", instanceId: 0, field: "ticks", type: "uint8" },
      ...{ a: 0, b: 0x2a },
    },
  ]);
  const blocks = events.filter(({ event }) => event === "block");
  assert.deepEqual(blocks.map((it) => [it.idstr, it.changed]), [
    ["pc.ram", 3],
    ["vga.vram", 0],
    ["/rom@etc/acpi/tables", 0],
  ]);
  const { same, pages: count, bytes, devices } = events.at(-1);
  assert.deepEqual([same, count, bytes, devices], [false, 3, 0x3000, 1]);
});

test("diff lists the first differences, or all of them", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const bytes = await fixtureGuest();
  const a = scratch.write("a.mr", bytes);
  const { blocks: [ram] } = await openSnapshot(memorySource(bytes));
  for (let page = 0; page < 100; page += 2) {
    bytes[ram.pagesOffset + page * 4096] ^= 0xff;
  }
  const b = scratch.write("b.mr", bytes);
  const [few, all] = await runAll([["diff", a, b], ["diff", a, b, "--all"]]);
  const count = ({ stdout }: { readonly stdout: string }) =>
    stdout.match(/^ {2}pc\.ram {2}changed/mg)?.length;
  assert.equal(count(few), 16);
  assert.match(few.stdout, /^ {4}… and 34 more \(--all lists them\)$/m);
  assert.equal(count(all), 50);
  assert.ok(!all.stdout.includes("more"));
});

test(
  "diff exits with 2 if it cannot compare, and 3 without the right digest",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const a = writeSealed(scratch, "a.mr", await fixtureGuest());
    const b = writeSealed(scratch, "b.mr", await laterGuest());
    const bad = scratch.write("bad.mr", new Uint8Array(4096).fill(7));
    const gone = scratch.file("gone.mr");
    const failures = [[a.path, bad], [bad, a.path], [a.path, gone]];
    for (
      const { code, stdout, stderr } of await runAll(
        failures.map((files) => ["diff", ...files]),
      )
    ) {
      assert.match(
        stderr,
        /^error: Cannot (read ".*bad|open ".*gone)\.mr": .*\n$/,
      );
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    }
    await runBad(["diff", a.path], 2, /Cannot start without B/);
    const usage = /Cannot use --map with --json/;
    await runBad(["diff", a.path, b.path, "--map", "--json"], 2, usage);
    const lone = /Cannot use --verity-b without --digest-b/;
    await runBad(["diff", a.path, b.path, "--verity-b", "x"], 2, lone);
    const none = /\(--digest-b\)/;
    await runBad(["diff", a.path, b.path, "--digest-b", "x"], 2, none);

    const digests = ["--digest-a", a.digest, "--digest-b", b.digest];
    const right = await run(["diff", a.path, b.path, ...digests, "--json"]);
    assert.equal(right.code, 1, right.stderr);
    const { digestA, digestB } = JSON.parse(
      right.stdout.trim().split("\n").at(-1) ?? "",
    );
    assert.deepEqual([digestA, digestB], [a.digest, b.digest]);
    const { blocks: [ram] } = await openSnapshot(memorySource(b.bytes));
    const from = ram.pagesOffset + 5 * 4096;
    damage(scratch, "b.mr", { from, until: from + 1 });
    const { code, stderr } = await run(["diff", a.path, b.path, ...digests]);
    assert.equal(code, 3);
    assert.match(stderr, /^error: Cannot trust ".*b\.mr".*page 5 of RAMBlock/);
  },
);

test(
  "diff cannot tell whether pages are the same that no file holds",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const bytes = vectorBytes("valid/ignore-shared");
    const a = scratch.write("a.mr", bytes);
    const { blocks: [own] } = await openSnapshot(memorySource(bytes));
    const other = bytes.slice();
    other[own.pagesOffset + own.pageSize * 7] ^= 1;
    const b = scratch.write("b.mr", bytes);
    const c = scratch.write("c.mr", other);
    const [text, json, different] = await runAll([
      ["diff", a, b],
      ["diff", a, b, "--json"],
      ["diff", a, c],
    ]);
    assert.equal(text.code, 2, text.stderr);
    assert.ok(
      text.stdout.endsWith(
        `${a} and ${b} are the same as far as they could be compared: ` +
          "the pages of shared were not\n",
      ),
      text.stdout,
    );
    assert.equal(json.code, 2, json.stderr);
    const last = json.stdout.trim().split("\n").at(-1) ?? "";
    assert.equal(JSON.parse(last).same, null);
    assert.equal(different.code, 1, different.stdout);
  },
);

test(
  "diff compares packed snapshots, and not what their base holds",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const a = scratch.write("a.mr", await fixtureGuest());
    const b = scratch.write("b.mr", await laterGuest());
    const base = scratch.file("base.qcow2");
    const later = scratch.file("later.qcow2");
    const small = ["--cluster-size", "4K"];
    await runAllGood([
      ["convert", a, base, ...small],
      ["convert", b, later, ...small, "--backing", base],
    ]);
    const [plain, packed, mixed] = await runAll([
      ["diff", a, b, "--json"],
      ["diff", base, later, "--json"],
      ["diff", a, later, "--json"],
    ]);
    const eventsOf = ({ code, stdout }: typeof plain) => {
      assert.equal(code, 1);
      const lines = stdout.trim().split("\n").map((it) => JSON.parse(it));
      return {
        differences: lines.filter(({ event }) =>
          !/block|diff|progress/.test(event)
        ),
        blocks: lines.filter(({ event }) => event === "block"),
      };
    };
    const expected = eventsOf(plain).differences;
    for (const it of [packed, mixed]) {
      assert.deepEqual(eventsOf(it).differences, expected);
    }
    const [ram] = eventsOf(packed).blocks;
    assert.equal(ram.sharedInImage, 0x200 - 3);
    assert.equal(ram.readBytes, 2 * 3 * 4096);
  },
);

test("diff takes URLs, and prints no secret of them", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("a.mr", await laterGuest());
  await using server = await startSecretServer(await fixtureGuest());
  const { code, stdout, stderr } = await run(["diff", server.url(), file]);
  assert.equal(stderr, "");
  assert.equal(code, 1);
  assert.match(stdout, /differ: 3 pages/);
  assert.ok(!stdout.includes("SIGNATURE"));
});
