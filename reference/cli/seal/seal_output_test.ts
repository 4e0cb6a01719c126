import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { openFileSource } from "../../local/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { verityDigest } from "../../sealing/mod.ts";
import { verifiedSource } from "../../verity/mod.ts";
import {
  PATIENT,
  run,
  runAll,
  runAllBad,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { fixtureStream } from "../testing/sequential_fixture.ts";
import { fixtureSnapshot } from "../testing/snapshot_fixture.ts";

/** Checks that a file has the digest of a line, and a sidecar that fits. */
async function checkSealed(
  scratch: ScratchDirectory,
  name: string,
  line: string,
): Promise<void> {
  const path = scratch.file(name);
  const [digest] = line.split(" ");
  assert.equal(line, `${digest} ${path}`);
  using source = openFileSource(path);
  assert.equal(digest, await verityDigest(source));
  const tree = memorySource(scratch.read(`${name}.verity`));
  const verified = await verifiedSource(source, { tree, digest });
  await verified.readInto(new Uint8Array(source.byteLength), 0);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

test("--seal seals what save and convert write", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const image = scratch.write("image", new Uint8Array(0x5000).fill(7));
  const vm = scratch.write("vm.mr", await fixtureSnapshot());
  const out = (name: string) => scratch.file(name);
  const results = await runAll([
    ["save", out("a"), "--block", `ram=${image}`, "--seal"],
    ["save", out("b"), "--block", `ram=${image}`, "--seal", "--json"],
    ["convert", vm, out("c.core"), "--seal"],
    ["convert", vm, out("d"), "--to", "sequential", "--seal"],
  ]);
  for (const { code, stderr } of results) assert.equal(code, 0, stderr);
  const [saved, json, elf, sequential] = results.map(({ stdout }) => stdout);
  assert.match(saved, /^saved /m);
  await checkSealed(scratch, "a", lastLine(saved));
  await checkSealed(scratch, "c.core", lastLine(elf));
  await checkSealed(scratch, "d", lastLine(sequential));
  const events = json.trim().split("\n").map((line) => JSON.parse(line));
  const [first, last] = events.filter(({ event }) => event !== "progress");
  assert.equal(first.event, "saved");
  assert.equal(last.event, "sealed");
  assert.equal(last.sidecar, out("b.verity"));
  await checkSealed(scratch, "b", `${last.digest} ${out("b")}`);
});

test("receive --seal seals the snapshot", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const socket = scratch.file("socket");
  const out = scratch.file("vm.mr");
  const stream = await fixtureStream();
  const address = `unix:${socket}`;
  const running = run(["receive", out, "--listen", address, "--seal"], {
    onStart({ stderr }) {
      stderr?.once("data", async () => {
        const channel = connect(socket);
        await once(channel, "connect");
        channel.end(stream);
      });
    },
  });
  const { code, stdout } = await running;
  assert.equal(code, 0);
  assert.match(stdout, /^received /);
  await checkSealed(scratch, "vm.mr", lastLine(stdout));
});

test(
  "no command leaves an old sidecar beside a new file",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const image = scratch.write("image", new Uint8Array(0x5000).fill(7));
    const out = scratch.file("vm.mr");
    const save = ["save", out, "--block", `ram=${image}`];
    await runGood([...save, "--seal"]);
    const sealed = scratch.read("vm.mr.verity");
    await runGood([...save, "--force"]);
    assert.deepEqual(scratch.list(), ["image", "vm.mr"]);

    // The sidecar of a file that was removed.
    const other = scratch.write("other.mr.verity", sealed);
    const again = ["save", scratch.file("other.mr"), "--block", `ram=${image}`];
    await runAllBad([
      [again, 1, /hashes of an older file at ".*other\.mr\.verity" \(--force/],
    ]);
    assert.deepEqual(scratch.read("other.mr.verity"), sealed);
    await runGood([...again, "--force"]);
    assert.deepEqual(scratch.list(), ["image", "other.mr", "vm.mr"]);

    // Not a sidecar, whatever its name says.
    scratch.write("other.mr.verity", "notes");
    await runGood([...again, "--force"]);
    await runAllBad([
      [[...again, "--seal"], 1, /other\.mr": there is a file of that name/],
    ]);
    assert.equal(
      new TextDecoder().decode(scratch.read("other.mr.verity")),
      "notes",
    );
    const { stdout } = await runGood([...again, "--force", "--seal"]);
    await checkSealed(scratch, "other.mr", lastLine(stdout));
    assert.ok(other.endsWith("other.mr.verity"));

    // That of the file that a link leads to, and that of the link.
    const link = scratch.file("link.mr");
    symlinkSync("vm.mr", link);
    scratch.write("vm.mr.verity", sealed);
    scratch.write("link.mr.verity", sealed);
    const last = ["save", link, "--block", `ram=${image}`];
    await runGood([...last, "--force"]);
    assert.deepEqual(
      scratch.list().filter((it) => it.endsWith(".verity")),
      ["other.mr.verity"],
    );
  },
);

test("--seal is refused where it has no use", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const vm = scratch.write("vm.mr", await fixtureSnapshot());
  const image = scratch.write("image", "RAM");
  mkdirSync(scratch.file("images"));
  scratch.write("out.verity", "notes");
  const block = ["--block", `ram=${image}`];
  await runAllBad([
    [["save", "--seal"], 2, /Cannot use --seal without OUT/],
    [["save", "-", ...block, "--seal"], 2, /Cannot write to "-"/],
    [["convert", vm, "-", "--seal"], 2, /Cannot write to "-"/],
    [["receive", "-", "--listen", "unix:/x", "--seal"], 2, /write to "-"/],
    [["load", vm, scratch.file("images"), "--seal"], 2, /--seal/],
    [
      ["convert", vm, scratch.file("images"), "--seal"],
      2,
      /Cannot use --seal from mapped-ram to images/,
    ],
    [
      ["save", scratch.file("out"), ...block, "--seal"],
      1,
      /out\.verity": there is a file of that name/,
    ],
  ]);
  assert.deepEqual(scratch.list(), ["image", "images", "out.verity", "vm.mr"]);
});
