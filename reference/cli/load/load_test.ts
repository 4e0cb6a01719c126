import assert from "node:assert/strict";
import {
  lchownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { saveSnapshot } from "../../saving/mod.ts";
import { memorySink } from "../../sinks/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import {
  PATIENT,
  run,
  runAllBad,
  runBad,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureMemory, fixtureSnapshot } from "../testing/snapshot_fixture.ts";

const IMAGES = ["%2From@etc%2Facpi%2Ftables.img", "pc.ram.img", "vga.vram.img"];

test(
  "load takes link/.. for the folder above its target",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    mkdirSync(scratch.file("far/below"), { recursive: true });
    symlinkSync("far/below", scratch.file("link"));
    const link = scratch.file("link");
    for (const folder of [`${link}/..`, `${link}/../new`]) {
      await runGood(["load", file, folder]);
    }
    assert.deepEqual(scratch.list(), ["far", "link", "vm.mr"]);
    assert.deepEqual(readdirSync(scratch.file("far/new")).sort(), IMAGES);
    assert.deepEqual(
      readdirSync(scratch.file("far")).sort(),
      [...IMAGES, "below", "new"].sort(),
    );
  },
);

test(
  "load writes every RAMBlock to a sparse image and nothing else",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    mkdirSync(scratch.file("images"));
    const images = scratch.file("images");
    const { stdout } = await runGood(["load", file, images]);
    assert.match(stdout, /pc\.ram\.img +3 MiB +2(\.\d)? MiB\n/);
    assert.match(stdout, /\nloaded 3 images in [^\n]+\n$/);
    assert.deepEqual(readdirSync(images).sort(), IMAGES);
    for (const [idstr, bytes] of Object.entries(fixtureMemory())) {
      const name = `images/${
        encodeURIComponent(idstr).replaceAll("%40", "@")
      }.img`;
      assert.deepEqual(scratch.read(name), bytes, idstr);
    }
    assert.equal(statSync(`${images}/vga.vram.img`).blocks, 0);

    await runBad(
      ["load", file, images],
      1,
      /pc\.ram\.img": there is a file of/,
    );
    const again = await runGood(["load", file, images, "--force", "--json"]);
    const facts = JSON.parse(again.stdout.trimEnd().split("\n").at(-1) ?? "");
    assert.deepEqual(facts.images[1], {
      idstr: "vga.vram",
      usedLength: 0x8000,
      path: `${images}/vga.vram.img`,
    });
    assert.deepEqual(facts.ignored, []);
    assert.deepEqual(readdirSync(images).sort(), IMAGES);
  },
);

test("load refuses before any work", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const inTheWay = scratch.write("vga.vram.img", "precious");
  await runAllBad([
    [["load", file, scratch.path], 1, /vga\.vram\.img".*--force/],
    [["load", file, scratch.file("no/no")], 1, /no directory .*\(create it/],
    [["load", file, inTheWay], 1, /is not a directory/],
  ]);
  assert.deepEqual(scratch.list(), ["vga.vram.img", "vm.mr"]);
});

test("load creates its folder, but no parents", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  await runGood(["load", file, scratch.file("images/")]);
  assert.ok(scratch.list().includes("images"));
  // A command that fails leaves none.
  const other = ["load", file, scratch.file("other"), "--offset", "1"];
  await runBad(other, 1, /byte 0x1/);
  assert.deepEqual(scratch.list(), ["images", "vm.mr"]);
});

test("load and convert follow no link of another user", PATIENT, async () => {
  if (process.geteuid?.() !== 0) return; // Only root can create such a link.
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const far = scratch.file("far");
  mkdirSync(far);
  const link = scratch.file("link");
  symlinkSync(far, link);
  for (const command of ["load", "convert"]) {
    lchownSync(link, 65534, 65534);
    for (const path of [link, `${link}/`]) {
      const refused = /is a symbolic link of another user \(65534\)/;
      await runBad([command, file, path], 1, refused);
    }
    assert.deepEqual(readdirSync(far), []);
    lchownSync(link, 0, 0);
    await run([command, file, `${link}/`, "--force"]);
    assert.notDeepEqual(readdirSync(far), []);
    for (const name of readdirSync(far)) rmSync(`${far}/${name}`);
  }
});

test("load never writes over the FILE that it reads", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("pc.ram.img", await fixtureSnapshot());
  await runBad(
    ["load", file, scratch.path, "--force"],
    2,
    /it is an input, too/,
  );
  mkdirSync(scratch.file("images"));
  symlinkSync(file, scratch.file("images/pc.ram.img"));
  const images = scratch.file("images");
  await runBad(["load", file, images, "--force"], 2, /it is an input, too/);
  assert.deepEqual(scratch.read("pc.ram.img"), await fixtureSnapshot());
});

test(
  "load leaves no files and keeps the old ones if one image fails",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    // The last block's name is too long for a file.
    const sink = memorySink();
    const source = memorySource(new Uint8Array(4096).fill(1));
    await saveSnapshot(sink, [
      { idstr: "old", source },
      { idstr: "new", source },
      { idstr: "x".repeat(255), source },
    ]);
    const file = scratch.write("vm.mr", sink.bytes());
    mkdirSync(scratch.file("images"));
    scratch.write("images/old.img", "precious");
    const images = scratch.file("images");
    const { code, stderr } = await run(["load", file, images, "--force"]);
    assert.equal(code, 1);
    assert.match(stderr, /^error: Cannot [^\n]*name too long[^\n]*\n$/i);
    assert.deepEqual(readdirSync(images), ["old.img"]);
    const old = scratch.read("images/old.img");
    assert.equal(new TextDecoder().decode(old), "precious");
  },
);

test(
  "load with several threads and direct I/O prints the same events",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const file = scratch.write("vm.mr", await fixtureSnapshot());
    const memory = fixtureMemory();
    for (const more of [["--jobs", "2"], ["--direct-io"]]) {
      const { stdout } = await runGood(
        ["load", file, scratch.path, "--json", "--force", ...more],
      );
      const lines = stdout.trimEnd().split("\n").map((it) => JSON.parse(it));
      const { event, images } = lines.pop();
      assert.equal(event, "loaded");
      assert.equal(images.length, 3);
      assert(lines.every((it) => it.event === "progress"));
      assert.deepEqual(scratch.read("pc.ram.img"), memory["pc.ram"]);
      assert.deepEqual(scratch.read("vga.vram.img"), memory["vga.vram"]);
    }
  },
);
