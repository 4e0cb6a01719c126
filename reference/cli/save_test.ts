import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync, truncateSync } from "node:fs";
import { test } from "node:test";
import { memorySource, openSnapshotSync } from "../mod.ts";
import { PATIENT, runAllBad, runGood } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import {
  fixtureMemory,
  fixtureSnapshot,
  TABLES,
} from "./testing/snapshot_fixture.ts";

test(
  "save without OUT shows what it did, and leaves nothing",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    using kept = new ScratchDirectory();
    const [{ stdout: text }, { stdout: json }] = await Promise.all([
      runGood(["save"], { env: { TMPDIR: scratch.path } }),
      runGood(["save", "--json", "--keep"], { env: { TMPDIR: kept.path } }),
    ]);
    assert.match(text, /pc\.ram {2}64 MiB, 6,\d+ of 16,384 pages/);
    assert.match(text, /[░▒▓█]{9}/);
    assert.match(text, /\d+ zero pages left out \(66 %\)/);
    assert.match(text, /opened +in .* by 4 reads of .*, no page among them\n/);
    assert.match(text, /every byte as it was saved\n/);
    assert.match(text, /every rule of SPEC\.md kept/);
    assert.deepEqual(scratch.list(), []);

    const facts = JSON.parse(json);
    assert.equal(facts.pagesEqual, facts.pagesCompared);
    assert.equal(facts.findings, 0);
    assert(facts.file.startsWith(kept.path));
    assert.equal(statSync(facts.file).size, facts.byteLength);
  },
);

test(
  "save OUT saves images, each a RAMBlock, in the order given",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const { "pc.ram": ram } = fixtureMemory();
    const image = scratch.write("ram=image", ram);
    const small = scratch.write("small", "not a whole page");
    const out = scratch.file("out.mr");
    const blocks = ["--block", `pc.ram=${image}`, "--block", `123=${small}`];
    const machine = ["--machine", "pc-q35-10.0", "--target-page-bits", "13"];
    const { stdout } = await runGood(["save", out, ...blocks, ...machine]);
    assert.match(stdout, /\n {2}pc\.ram +3 MiB +384 +256 +67 % +128\n/);
    assert.match(stdout, /\nsaved .*out\.mr in .* long, .* on disk\n$/);

    const source = memorySource(scratch.read("out.mr"));
    const snapshot = openSnapshotSync(source);
    assert.equal(snapshot.machine, "pc-q35-10.0");
    assert.equal(snapshot.index.configuration.targetPageBits, 13);
    const [first, second] = snapshot.blocks;
    assert.deepEqual([first.idstr, second.idstr], ["pc.ram", "123"]);
    assert.equal(second.usedLength, 8192);
    assert.deepEqual(
      first.readRangeSync({ offset: 0, length: first.usedLength }),
      ram,
    );
    assert.equal(
      new TextDecoder().decode(second.readRangeSync({ offset: 4, length: 7 })),
      "a whole",
    );

    const { stdout: json } = await runGood(
      ["save", out, ...blocks, "--force", "--json"],
    );
    const facts = JSON.parse(json);
    assert.equal(facts.file, out);
    assert.equal(facts.byteLength, statSync(out).size);
    assert.equal(facts.blocks[0].presentCount, 512);
    assert.deepEqual(scratch.list(), ["out.mr", "ram=image", "small"]);
  },
);

test(
  "save --device-state copies all that --block does not give",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const vm = scratch.write("vm.mr", await fixtureSnapshot());
    const image = scratch.write("image", new Uint8Array(5000).fill(9));
    const out = scratch.file("out.mr");
    await runGood(
      ["save", out, "--device-state", vm, "--block", `vga.vram=${image}`],
    );
    const memory = fixtureMemory();
    memory["vga.vram"].fill(9, 0, 5000);
    const expectMemory = (name: string) => {
      const snapshot = openSnapshotSync(memorySource(scratch.read(name)));
      assert.equal(snapshot.machine, "pc-i440fx-10.0");
      for (const block of snapshot.blocks) {
        const range = { offset: 0, length: block.usedLength };
        assert.deepEqual(block.readRangeSync(range), memory[block.idstr]);
      }
      assert.equal(snapshot.blocks.length, 3);
    };
    expectMemory("out.mr");

    // The snapshot may be replaced by what is made of it.
    const tables = scratch.write("tables", new Uint8Array(0x20000).fill(3));
    memory[TABLES].fill(3);
    const block = `${TABLES}=${tables}`;
    await runGood(
      ["save", out, "--device-state", out, "--block", block, "--force"],
    );
    expectMemory("out.mr");
    await runAllBad([
      [
        ["save", out, "--device-state", vm, "--block", `pc.rom=${image}`],
        1,
        /there is a file of that name/,
      ],
      [
        ["save", "no", "--device-state", vm, "--block", `pc.rom=${image}`],
        2,
        /Cannot find RAMBlock "pc.rom" in .*: it has "pc.ram", "vga.vram", "\/rom/,
      ],
      [
        ["save", "no", "--device-state", vm, "--block", `vga.vram=${tables}`],
        1,
        /it has 131072 bytes, expected at most 32768/,
      ],
      [
        ["save", "no", "--device-state", vm, "--machine", "none"],
        2,
        /--machine with --device-state, which tells it/,
      ],
      [
        ["save", "no", "--device-state", vm, "--offset", "1"],
        1,
        /byte 0x1: the magic is/,
      ],
    ]);
    assert(!existsSync("no"));
  },
);

test(
  "save refuses what it cannot do, and leaves nothing",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const image = scratch.write("image", "RAM");
    const empty = scratch.write("empty", "");
    const old = scratch.write("old", "precious");
    const out = scratch.file("out");
    const block = ["--block", `ram=${image}`];
    await runAllBad([
      [["save", out], 2, /without --block IDSTR=IMAGE/],
      [["save", ...block], 2, /Cannot use --block without OUT/],
      [["save", out, ...block, "--keep"], 2, /--keep with OUT/],
      [["save", out, ...block, ...block], 2, /--block for "ram" twice/],
      [["save", out, "--block", "ram"], 2, /"ram" as --block: expected ID/],
      [["save", out, "--block", `é=${image}`], 2, /printable ASCII/],
      [["save", out, ...block, "--machine", "\t"], 2, /printable ASCII/],
      [["save", out, ...block, "--page-size", "5000"], 2, /power of two/],
      [["save", out, ...block, "--page-size", "0"], 2, /power of two/],
      [["save", out, ...block, "--offset", "0"], 2, /without --device-st/],
      [
        [
          "save",
          out,
          ...block,
          "--page-size",
          "8K",
          "--target-page-bits",
          "12",
        ],
        2,
        /--target-page-bits 12 with pages of 8192 bytes: expected 13/,
      ],
      [["save", out, "--block", `ram=${empty}`], 1, /it is empty/],
      [
        ["save", out, "--block", "ram=nowhere"],
        1,
        /open "nowhere": no suc/,
      ],
      [["save", out, "--block", `ram=${scratch.path}`], 1, /a directory/],
      [["save", old, ...block], 1, /\(--force replaces it\)/],
      [["save", image, ...block, "--force"], 2, /it is read, too/],
      [["save", scratch.path, ...block, "--force"], 1, /is a directory/],
      [["save", `${out}/out`, ...block], 1, /no directory .*mkdir/],
      [["save", `${old}/out`, ...block], 1, /is not a directory/],
      [
        ["save", old, "--force", "--block", "ram=nowhere"],
        1,
        /no such file/,
      ],
    ]);
    assert.deepEqual(scratch.list(), ["empty", "image", "old"]);
    assert.equal(new TextDecoder().decode(scratch.read("old")), "precious");
  },
);

test("save reads a sparse image of any size", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const image = scratch.write("image", "RAM");
  truncateSync(image, 2 ** 28);
  const out = scratch.file("out");
  await runGood(["save", out, "--block", `ram=${image}`]);
  assert.equal(statSync(out).blocks * 512 < 2 ** 20, true);
  assert.deepEqual(readdirSync(scratch.path).sort(), ["image", "out"]);
});

test(
  "save refuses what cannot be, by name and before any work",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const image = scratch.write("image", "memory");
    const block = ["--block", `ram=${image}`];
    const out = scratch.file("out.mr");
    execFileSync("mkfifo", [scratch.file("pipe")]);
    await runAllBad([
      [
        ["save", out, ...block, "--capability", "xbzrle"],
        1,
        /"xbzrle": a diff/,
      ],
      [
        ["save", out, ...block, "--capability", "postcopy-ram"],
        1,
        /"postcopy-/,
      ],
      [
        ["save", out, ...block, "--capability", "compress"],
        1,
        /"compress": a c/,
      ],
      [["save", scratch.file("pipe"), ...block], 1, /it is a pipe, expected a/],
      [
        ["save", "/dev/null", ...block, "--force"],
        1,
        /it is a character device/,
      ],
      [["save", out, ...block, "--jobs", "0"], 2, /0 jobs: expected 1 to 64/],
      [["save", out, ...block, "--live"], 2, /--live with OUT/],
      [["save", "--dirty-rate", "1"], 2, /--dirty-rate without --live/],
      [
        ["save", out, ...block, "--page-size", "512", "--direct-io"],
        1,
        /512 byt/,
      ],
    ]);
    assert.deepEqual(scratch.list(), ["image", "pipe"]);
  },
);

test(
  "save asks for the holes of an image, with the same result",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const image = scratch.write("image", new Uint8Array(5000).fill(1));
    truncateSync(image, 0x8000000);
    const block = ["--block", `ram=${image}`];
    for (const [name, ...more] of [["asked"], ["scanned", "--scan"]]) {
      await runGood(["save", scratch.file(name), ...block, ...more]);
    }
    assert.equal(
      Buffer.compare(scratch.read("asked"), scratch.read("scanned")),
      0,
    );
  },
);

test(
  "save --events tells progress a line at a time, then the result",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const image = scratch.write("image", new Uint8Array(0x3000).fill(1));
    truncateSync(image, 0x10000000);
    const out = scratch.file("out.mr");
    const args = ["save", out, "--block", `ram=${image}`, "--events", "--scan"];
    const { stdout } = await runGood(args);
    const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    const last = events.pop();
    assert.equal(last.event, "saved");
    assert.deepEqual(last.blocks, [
      { idstr: "ram", pageCount: 0x10000, presentCount: 3 },
    ]);
    const progress = events.pop();
    assert.equal(progress.event, "progress");
    assert.equal(progress.done, progress.total);
    assert.equal(progress.zero, progress.total - 0x3000);
    assert.equal(progress.secondsLeft, 0);
    assert(progress.bytesPerSecond > 0);
  },
);

test("save --live saves a guest that keeps writing", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const { stdout } = await runGood(
    ["save", "--live", "--json", "--dirty-rate", "8M", "--jobs", "2"],
    { env: { TMPDIR: scratch.path } },
  );
  const { equal, good, rounds, writes, downtime } = JSON.parse(stdout);
  assert(equal && good && downtime > 0 && writes > 0);
  assert(rounds.length >= 2);
  assert.equal(rounds[0].pages, 65_536);
  assert.deepEqual(
    rounds.map((round: { stopped: boolean }) => round.stopped).indexOf(true),
    rounds.length - 1,
  );
  assert.deepEqual(scratch.list(), []);
});
