import assert from "node:assert/strict";
import {
  appendFileSync,
  closeSync,
  openSync,
  renameSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { test } from "node:test";
import { TreeGeometry } from "../../../format/verity/mod.ts";
import { SourceError } from "../../sources/mod.ts";
import {
  filledTree,
  fsverityOf,
  NO_FSVERITY,
} from "../../sealing/testing/fsverity.ts";
import {
  PATIENT,
  run,
  runAllBad,
  runAllGood,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { startSecretServer } from "../testing/secret_server.ts";
import { hashFile, sealFile } from "./seal_file.ts";

/** Writes a file of some blocks, with a hole at its end. */
function writeSparse(scratch: ScratchDirectory, name: string): string {
  const bytes = new Uint8Array(150 * 4096).map((_, at) => at % 251);
  const path = scratch.write(name, bytes);
  truncateSync(path, 0x200005);
  return path;
}

/** Options of a job that nobody stops or watches. */
function quiet() {
  return { jobs: 1, json: true, signal: new AbortController().signal };
}

test(
  "seal prints what fsverity prints, and writes its tree",
  { ...PATIENT, skip: NO_FSVERITY },
  async () => {
    using scratch = new ScratchDirectory();
    const path = writeSparse(scratch, "vm.mr");
    const expected = fsverityOf(path, scratch.file("tree"));
    const { stdout } = await runGood(["seal", path]);
    assert.equal(stdout, `${expected.digest} ${path}\n`);
    const { tree, holes } = filledTree(scratch.read("vm.mr.verity"), 0x200005);
    assert.deepEqual(tree, new Uint8Array(expected.tree));
    assert.equal(holes, 2);
    assert.equal(statSync(`${path}.verity`).mode & 0o777, 0o600);

    const other = scratch.file("elsewhere");
    const [checked, json] = await runAllGood([
      ["seal", path, "--check", expected.digest],
      ["seal", path, "--verity", other, "--json", "--jobs", "1"],
    ]);
    assert.equal(checked, stdout);
    const { milliseconds, allocatedBytes, ...event } = JSON.parse(json);
    assert.ok(milliseconds > 0 && allocatedBytes > 0);
    assert.deepEqual(event, {
      event: "sealed",
      file: path,
      digest: expected.digest,
      dataLength: 0x200005,
      sidecarLength: scratch.read("elsewhere").length,
      sidecar: other,
    });
    assert.deepEqual(scratch.read("elsewhere"), scratch.read("vm.mr.verity"));
  },
);

test("seal replaces hashes only with --force", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const path = scratch.write("vm.mr", "a file");
  const [first] = await runAllGood([["seal", path]]);
  const old = scratch.read("vm.mr.verity");
  scratch.write("vm.mr", "another");
  await runAllBad([
    [["seal", path], 1, /vm\.mr\.verity": there is a file .*--force/],
    [["seal", path, "--verity", path, "--force"], 2, /it is an input, too/],
    [["seal", path, "--verity", "-"], 2, /Cannot write to "-"/],
    [["seal", scratch.file("none")], 1, /none": no such file/],
    [["seal", path, "--check", "sha256:0"], 2, /"sha256:0" \(--check\): exp/],
    [["seal", "http://127.0.0.1:1/x"], 2, /without --verity PATH/],
  ]);
  assert.deepEqual(scratch.read("vm.mr.verity"), old);
  const [second] = await runAllGood([["seal", path, "--force"]]);
  assert.notEqual(second, first);
  assert.notDeepEqual(scratch.read("vm.mr.verity"), old);
  assert.deepEqual(scratch.list(), ["vm.mr", "vm.mr.verity"]);
});

test("seal --check tells other files and hashes apart", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const path = scratch.write("vm.mr", "a file");
  const [line] = await runAllGood([["seal", path]]);
  const digest = line.split(" ")[0];
  const check = ["seal", path, "--check", digest];
  await runGood(check);
  scratch.write("vm.mr", "a fill");
  const wrong = await run(check);
  assert.equal(wrong.code, 3);
  assert.equal(wrong.stdout, "");
  assert.match(
    wrong.stderr,
    /vm\.mr".*a file with the digest sha256:\w+, expected sha256:\w+ \(verity-digest\); the file, its hashes/,
  );
  scratch.write("vm.mr", "a file");
  const sidecar = scratch.read("vm.mr.verity");
  sidecar[20] ^= 1;
  scratch.write("vm.mr.verity", sidecar);
  const stale = await run(check);
  assert.equal(stale.code, 3);
  assert.match(stale.stderr, /vm\.mr\.verity".*verity-digest/);
});

test("seal --check finds any damaged block of hashes", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  // Data, a hole of some units, data.
  const path = scratch.write("vm.mr", new Uint8Array(4096).fill(1));
  truncateSync(path, 0x20000000);
  appendFileSync(path, "the end");
  const [line] = await runAllGood([["seal", path]]);
  const check = ["seal", path, "--check", line.split(" ")[0]];
  await runGood(check);
  const hashes = scratch.file("vm.mr.verity");
  const sidecar = scratch.read("vm.mr.verity");
  const { levels: [one, two, three] } = new TreeGeometry(0x20000007);
  const places = [
    ...[three.offset, two.offset, two.offset + 3 * 4096] as const,
    ...[one.offset, one.offset + 500 * 4096, sidecar.length - 4096] as const,
  ];
  for (const place of places) {
    const flip = () => {
      sidecar[place + 17] ^= 1;
      const fd = openSync(hashes, "r+"); // Holes stay holes.
      writeSync(fd, sidecar, place + 17, 1, place + 17);
      closeSync(fd);
    };
    flip();
    const { code, stdout, stderr } = await run(check);
    assert.deepEqual([code, stdout], [3, ""], `${place}`);
    assert.match(stderr, /vm\.mr\.verity".*verity-tree/);
    flip();
  }
});

test("seal reads a URL, and writes where it is told", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const path = writeSparse(scratch, "vm.mr");
  await using server = await startSecretServer(scratch.read("vm.mr"));
  const [local, remote] = await runAllGood([
    ["seal", path],
    ["seal", server.url(), "--verity", scratch.file("of-url"), "--json"],
  ]);
  const { digest, transfer } = JSON.parse(
    remote.trim().split("\n").at(-1) ?? "",
  );
  assert.equal(digest, local.split(" ")[0]);
  assert.deepEqual(transfer, server.traffic);
  assert.deepEqual(scratch.read("of-url"), scratch.read("vm.mr.verity"));
});

test("sealFile() refuses a file that was replaced meanwhile", async () => {
  using scratch = new ScratchDirectory();
  const path = scratch.write("vm.mr", "old");
  const other = scratch.write("new", "new");
  const work = () => Promise.resolve(renameSync(other, path));
  await assert.rejects(
    hashFile(path, { ...quiet(), work }),
    (error) => error instanceof SourceError && error.changed,
  );
  await assert.rejects(
    sealFile(scratch.file("none"), {
      ...quiet(),
      sidecar: scratch.file("hashes"),
      force: false,
    }),
    SourceError,
  );
  assert.deepEqual(scratch.list(), ["vm.mr"]);
});

test("sealFile() leaves nothing when it is stopped", async () => {
  using scratch = new ScratchDirectory();
  const path = scratch.write("vm.mr", "a file");
  const reason = new Error("enough");
  await assert.rejects(
    sealFile(path, {
      ...quiet(),
      sidecar: scratch.file("hashes"),
      force: false,
      signal: AbortSignal.abort(reason),
    }),
    reason,
  );
  assert.deepEqual(scratch.list(), ["vm.mr"]);
});
