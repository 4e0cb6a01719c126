import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { existsSync, readdirSync, statSync, truncateSync } from "node:fs";
import { test } from "node:test";
import { openSnapshotSync } from "../../reading/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import {
  PATIENT,
  run,
  runAllBad,
  runBad,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import {
  fixtureMemory,
  fixtureSnapshot,
  TABLES,
} from "../testing/snapshot_fixture.ts";

test(
  "save OUT saves images as RAMBlocks, in the order given",
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
    // Progress comes before it, if there is time for any.
    const facts = JSON.parse(json.trim().split("\n").at(-1) ?? "");
    assert.equal(facts.file, out);
    assert.equal(facts.byteLength, statSync(out).size);
    assert.equal(facts.blocks[0].presentCount, 512);
    assert.deepEqual(scratch.list(), ["out.mr", "ram=image", "small"]);
  },
);

test(
  "save --device-state copies everything that --block does not give",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const vm = scratch.write("vm.mr", await fixtureSnapshot());
    const image = scratch.write("image", new Uint8Array(5000).fill(9));
    const out = scratch.file("out.mr");
    const { code, stderr } = await run(
      ["save", out, "--device-state", vm, "--block", `vga.vram=${image}`],
    );
    assert.equal(code, 0);
    assert.equal(
      stderr,
      "note: the image of vga.vram has 4.9 KiB of 32 KiB: the rest is zero\n",
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

    // The snapshot may be replaced by the new one.
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
        /Cannot find RAMBlock "pc.rom" .* in .*: it has "pc.ram", "vga.vram", "\/rom/,
      ],
      [
        ["save", "no", "--device-state", vm, "--block", `vga.vram=${tables}`],
        1,
        /it has 131072 bytes, expected at most 32768/,
      ],
      [
        ["save", "no", "--device-state", vm, "--machine", "none"],
        2,
        /--machine with OUT, and with --device-state, which determines it/,
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
  "save skips the holes of an image, with the same result",
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
  "save --json prints progress line by line, then the result",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const image = scratch.write("image", new Uint8Array(0x3000).fill(1));
    truncateSync(image, 2 ** 30);
    const out = scratch.file("out.mr");
    const args = ["save", out, "--block", `ram=${image}`, "--json", "--scan"];
    const { stdout } = await runGood(args);
    const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    const last = events.pop();
    assert.equal(last.event, "saved");
    assert.deepEqual(last.blocks, [
      { idstr: "ram", pageCount: 0x40000, presentCount: 3 },
    ]);
    for (const { event, idstr, total } of events) {
      assert.deepEqual([event, idstr, total], ["progress", "ram", 2 ** 30]);
    }
  },
);

test("save packs into an image, also in threads", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const image = scratch.write("image", new Uint8Array(0x9000000).fill(7));
  const [plain, out] = ["vm.mr", "vm.qcow2"].map((it) => scratch.file(it));
  const block = ["--block", `ram=${image}`];
  await runGood(["save", plain, ...block]);
  await runGood(["save", out, ...block, "--jobs", "2"]);
  const [{ length }, { size }] = [scratch.read("vm.qcow2"), statSync(plain)];
  assert.ok(length < size / 100, `${length}`);
  await runGood(["convert", out, scratch.file("back.mr"), "--jobs", "2"]);
  const [one, other] = [scratch.read("back.mr"), scratch.read("vm.mr")];
  assert.equal(Buffer.compare(one, other), 0);
  await runBad(
    ["save", out, ...block, "--resume"],
    2,
    /--resume with a qcow2: .* save it to a file of another name/,
  );
  const names = ["back.mr", "image", "vm.mr", "vm.qcow2"];
  assert.deepEqual(scratch.list(), names);
});
