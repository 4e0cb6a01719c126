import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, truncateSync } from "node:fs";
import { test } from "node:test";
import { NO_ZSTD } from "../../../format/testing/zstd.ts";
import { openFileSource } from "../../local/mod.ts";
import { openQcow2 } from "../../qcow2/mod.ts";
import { openSnapshot } from "../../reading/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import {
  PATIENT,
  run,
  runAllBad,
  runBad,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureGuest } from "../testing/snapshot_fixture.ts";
import { vectorBytes } from "../testing/vector_bytes.ts";

/** Returns a guest, and the same with stale bytes in places of zero pages. */
async function staleGuest(): Promise<readonly [Uint8Array, Uint8Array]> {
  const bytes = await fixtureGuest();
  const { blocks } = await openSnapshot(memorySource(bytes));
  const start = blocks[0].pagesOffset + 0x180000;
  return [bytes, bytes.slice().fill(0xaa, start, start + 0x2000)];
}

test(
  "convert packs a snapshot and unpacks it, exactly by --exact",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const [clean, bytes] = await staleGuest();
    const file = scratch.write("vm.mr", bytes);
    const [exact, image, back] = ["exact.qcow2", "vm.qcow2", "back.mr"].map((
      it,
    ) => scratch.file(it));
    const { stdout } = await runGood([
      ...["convert", file, exact, "--exact", "--zlib", "--level", "9"],
      ...["--cluster-size", "8K", "--jobs", "2", "--json"],
    ]);
    const facts = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    assert.equal(facts.to, "qcow2");
    assert.equal(facts.compression, "zlib");
    assert.equal(facts.clusterSize, 8192);
    assert.equal(facts.imageLength, readFileSync(exact).length);
    await runGood(["convert", exact, back]);
    assert.deepEqual(scratch.read("back.mr"), bytes);

    await runGood(["convert", file, image]);
    assert.ok(readFileSync(image).length < bytes.length / 8);
    await runGood(["convert", image, back, "--force"]);
    assert.deepEqual(scratch.read("back.mr"), clean);
    const again = scratch.file("again.qcow2");
    await runGood(["convert", exact, again]);
    await runGood(["convert", again, back, "--force"]);
    assert.deepEqual(scratch.read("back.mr"), clean);
    await runGood(["convert", exact, again, "--exact", "--force"]);
    await runGood(["convert", again, back, "--force"]);
    assert.deepEqual(scratch.read("back.mr"), bytes);
    await runGood(["convert", image, scratch.file("x.bin"), "--to", "qcow2"]);
  },
);

test(
  "convert --backing stores what differs, and names the base as seen from OUT",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const bytes = await fixtureGuest();
    const base = scratch.write("base.mr", bytes);
    const below = scratch.file("base.qcow2");
    await runGood(["convert", base, below]);
    mkdirSync(scratch.file("sub"));
    const { blocks } = await openSnapshot(memorySource(bytes));
    bytes[blocks[0].pagesOffset + 0x3000] ^= 1;
    const file = scratch.write("new.mr", bytes);
    const back = scratch.file("back.mr");
    for (
      const [out, backing, name] of [
        ["new.qcow2", below, "base.qcow2"],
        ["sub/new.qcow2", below, "../base.qcow2"],
        ["raw.qcow2", base, "base.mr"],
        ["a:b.qcow2", below, "base.qcow2"],
      ]
    ) {
      const image = scratch.file(out);
      const { code, stdout, stderr } = await run([
        ...["convert", file, image, "--backing", backing, "--json"],
      ]);
      assert.equal(code, 0, stderr);
      const facts = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
      assert.equal(facts.compressedClusters + facts.plainClusters, 1, out);
      const elsewhere = out.startsWith("sub/") ? scratch.path : undefined;
      assert.equal(facts.backingElsewhere, elsewhere);
      const note = `--allow-backing ${elsewhere}\n`;
      if (elsewhere === undefined) assert.equal(stderr, "");
      else assert.ok(stderr.endsWith(note), stderr);
      const head = readFileSync(image).subarray(0, 0x1000).toString("latin1");
      assert.ok(head.includes(`\0${name}\0`), out);
      const allow = elsewhere === undefined
        ? []
        : ["--allow-backing", elsewhere];
      await runGood(["convert", image, back, "--force", ...allow]);
      assert.deepEqual(scratch.read("back.mr"), bytes);
    }
    // The base is beside the image, and the base of that is not.
    const next = scratch.file("sub/next.qcow2");
    const { stderr } = await run([
      ...["convert", file, next, "--allow-backing", scratch.path],
      ...["--backing", scratch.file("sub/new.qcow2")],
    ]);
    assert.ok(stderr.includes(`--allow-backing ${scratch.path}\n`), stderr);
    const again = await runGood(["convert", below, back, "--force"]);
    assert.match(again.stdout, /^converted qcow2 to mapped-ram in /m);
  },
);

test(
  "convert --backing names the base as the system sees it, past links",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const bytes = await fixtureGuest();
    for (const name of ["a/b", "c/d"]) {
      mkdirSync(scratch.file(name), { recursive: true });
    }
    // Other files of the same name, where the letters of the paths lead.
    for (const name of ["c/base.mr", "base.mr"]) scratch.write(name, "other");
    const base = scratch.write("a/base.mr", bytes);
    symlinkSync("../c/d", scratch.file("a/link"));
    symlinkSync("a/b", scratch.file("up"));
    const file = scratch.write("new.mr", bytes);
    const images = [
      ["a/link/vm.qcow2", base, "../../a/base.mr"],
      ["vm.qcow2", `${scratch.file("up")}/../base.mr`, "a/base.mr"],
    ];
    for (const [out, backing, name] of images) {
      const image = scratch.file(out);
      const line = ["convert", file, image, "--backing", backing];
      const { code, stderr } = await run(line);
      assert.equal(code, 0, stderr);
      const head = readFileSync(image).subarray(0, 0x1000).toString("latin1");
      assert.ok(head.includes(`\0${name}\0`), out);
      await runGood(["verify", image, "--allow-backing", scratch.file("a")]);
    }
  },
);

test("convert does not read a hole after a snapshot", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const bytes = await fixtureGuest();
  const file = scratch.write("vm.mr", bytes);
  // Reading all of it would take longer than the test may.
  const byteLength = 2 ** 42;
  truncateSync(file, byteLength);
  const image = scratch.file("vm.qcow2");
  await runGood(["convert", file, image]);
  await runGood(["verify", image]);
  using disk = await openQcow2(openFileSource(image));
  assert.equal(disk.byteLength, byteLength);
});

test("convert refuses what no image can be made of", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureGuest());
  const other = scratch.write("other.mr", vectorBytes("qemu/none-4m"));
  const out = scratch.file("vm.qcow2");
  const longer = scratch.write(
    "longer.mr",
    new Uint8Array([...await fixtureGuest(), 0]),
  );
  const convert = ["convert", file, out];
  await runAllBad([
    [
      [...convert, "--level", "20"],
      2,
      NO_ZSTD ? /expected 1 to 9 for zlib/ : /expected 1 to 19 for zstd/,
    ],
    [[...convert, "--zlib", "--level", "10"], 2, /expected 1 to 9 for zlib/],
    [[...convert, "--cluster-size", "5K"], 2, /\(--cluster-size\): expected a/],
    [
      [...convert, "--backing", other],
      1,
      /laid out differently: the machine is "pc/,
    ],
    [[...convert, "--backing", out], 1, /no such file/],
    [
      [...convert, "--backing", "https://me:secret@host/base?sig=secret"],
      2,
      /^(?!.*secret).*"https:\/\/host\/base\?…" as --backing: the image would/,
    ],
    [
      ["convert", file, `${out}.mr`, "--exact"],
      2,
      /--exact from mapped-ram to .*: it is for qcow2; .* --to qcow2/,
    ],
    [["convert", longer, out, "--exact"], 1, /exactly: it has \d+ bytes/],
  ]);
  await runGood(convert);
  await runBad(
    ["convert", file, out, "--backing", out, "--force"],
    2,
    /it is an input, too/,
  );
  assert.deepEqual(scratch.list().filter((it) => it.includes("partial")), []);
});
