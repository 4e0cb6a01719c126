import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { NO_REFLINKS, ReflinkDisk } from "../../testing/reflink_disk.ts";
import { sealBytes } from "../../testing/sealed_bytes.ts";
import {
  PATIENT,
  run,
  runAllBad,
  runBad,
  runGood,
} from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { startSecretServer } from "../testing/secret_server.ts";
import { fixtureGuest, fixtureSnapshot } from "../testing/snapshot_fixture.ts";

const ON_DISK = { ...PATIENT, skip: NO_REFLINKS };

/** Returns a guest, and the same with another page and a longer state. */
async function guests(): Promise<readonly [Uint8Array, Uint8Array]> {
  const earlier = await fixtureSnapshot();
  const later = await fixtureGuest();
  later.fill(0xee, 0x100000, 0x101000);
  return [earlier, later];
}

test("checkpoint shares blocks with its base", ON_DISK, async () => {
  using disk = new ReflinkDisk("xfs");
  const [earlier, later] = await guests();
  const [base, next, out] = ["base.mr", "next.mr", "out.mr"].map((it) =>
    disk.file(it)
  );
  writeFileSync(base, earlier);
  writeFileSync(next, later);
  const line = ["checkpoint", base, next, out];
  const { stdout } = await runGood([...line, "--json", "--seal"]);
  const events = stdout.trim().split("\n").map((it) => JSON.parse(it));
  // The others tell the progress of both.
  const [{ milliseconds, ...result }, sealed] = ["checkpointed", "sealed"].map(
    (name) => events.find(({ event }) => event === name),
  );
  assert.ok(milliseconds > 0);
  assert.deepEqual(result, {
    event: "checkpointed",
    file: out,
    base,
    from: next,
    byteLength: later.length,
    presentPages: 513,
    changedPages: 1,
    writtenLength: result.writtenLength,
    // The base was written with zeros in these places, not with holes.
    clearedLength: 295 * 4096,
  });
  assert.ok(result.writtenLength < 0x3000);
  assert.equal(sealed.digest, sealBytes(later).digest);
  assert.deepEqual(new Uint8Array(readFileSync(out)), later);

  await runBad(line, 1, /there is a file of that name \(--force replaces it\)/);
  const again = await runGood([...line, "--force", "--jobs", "1"]);
  assert.match(
    again.stdout,
    /^checkpointed .*out.mr in .*: 6.1 MiB long; 1 of 513 pages \(< 1 %\) differ from .*base.mr; .* written\n$/,
  );
  assert.deepEqual(disk.names(), ["base.mr", "next.mr", "out.mr"]);

  const image = disk.file("next.qcow2");
  await runGood(["convert", next, image]);
  await runGood(["checkpoint", base, image, out, "--force"]);
  assert.deepEqual(new Uint8Array(readFileSync(out)), later);
});

test("checkpoint checks a NEW that it reads by URL", ON_DISK, async () => {
  using disk = new ReflinkDisk("btrfs");
  const [earlier, later] = await guests();
  const [base, out] = [disk.file("base.mr"), disk.file("out.mr")];
  writeFileSync(base, earlier);
  const { sidecar, digest } = sealBytes(later);
  {
    await using server = await startSecretServer(later, sidecar);
    const args = [server.url(), out, "--digest", digest, "--json"];
    const { stdout } = await runGood(["checkpoint", base, ...args]);
    const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    assert.deepEqual(result.transfer, server.traffic);
    assert.deepEqual(new Uint8Array(readFileSync(out)), later);
  }
  later[0x300000] ^= 1;
  await using server = await startSecretServer(later, sidecar);
  const args = [base, server.url(), disk.file("bad.mr"), "--digest", digest];
  const { code, stderr } = await run(["checkpoint", ...args]);
  assert.match(stderr, /^error: Cannot trust /);
  assert.equal(code, 3);
  assert.deepEqual(disk.names(), ["base.mr", "out.mr"]);
});

test(
  "checkpoint says what to do where nothing can be shared",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const [earlier, later] = await guests();
    const base = scratch.write("base.mr", earlier);
    const next = scratch.write("next.mr", later);
    const out = scratch.file("out.mr");
    const image = scratch.file("base.qcow2");
    await runGood(["convert", base, image]);
    await runAllBad([
      [
        ["checkpoint", image, next, out],
        1,
        /base\.qcow2": expected a plain local file; deno task convert \S+next\.mr \S+out\.qcow2 --backing \S+base\.qcow2 stores only what differs, too$/m,
      ],
      [
        ["checkpoint", "http://host/base.mr", next, out],
        2,
        /^error: Cannot share the blocks of "http:\/\/host\/base\.mr": expected a local file/,
      ],
      [
        ["checkpoint", base, next, scratch.file("out.qcow2")],
        2,
        /^error: Cannot write a checkpoint to ".*out\.qcow2": it is mapped-ram; /,
      ],
      [
        ["checkpoint", base, next, base, "--force"],
        2,
        /^error: Cannot write ".*base\.mr": it is an input, too/,
      ],
      [["checkpoint", base, next], 2, /^error: Cannot start without OUT/],
      [
        ["checkpoint", base, next, out, "--verity", "x"],
        2,
        /^error: Cannot use --verity without --digest/,
      ],
      [
        ["checkpoint", base, scratch.write("junk", "junk"), out],
        1,
        /^error: Cannot read ".*junk": /,
      ],
    ]);
    assert.deepEqual(scratch.list(), [
      "base.mr",
      "base.qcow2",
      "junk",
      "next.mr",
    ]);
  },
);
