import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { ON_DENO, PATIENT, runAllBad, runBad } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { fixtureSnapshot } from "./testing/snapshot_fixture.ts";

/** Returns every command line that reads `file`; none may write `out`. */
function commandLines(file: string, scratch: ScratchDirectory): string[][] {
  const out = scratch.file("out");
  return [
    ["info", file],
    ["info", file, "--json", "--map"],
    ["read", file, "pc.ram", "0", "1"],
    ["read", file, "pc.ram", "0", "1", "--out", out],
    ["load", file, scratch.file("images")],
    ["save", out, "--device-state", file],
  ];
}

async function assertRefused(
  content: Uint8Array,
  message: RegExp,
): Promise<void> {
  using scratch = new ScratchDirectory();
  mkdirSync(scratch.file("images"));
  const file = scratch.write("bad.mr", content);
  await runAllBad(
    commandLines(file, scratch).map((args) => [args, 1, message]),
  );
  assert.deepEqual(scratch.list(), ["bad.mr", "images"]);
}

test("every command refuses a truncated file", PATIENT, async () => {
  const bytes = await fixtureSnapshot();
  // Within the page area of the first block.
  await assertRefused(
    bytes.subarray(0, 0x250000),
    /bad\.mr": RAMBlock "pc\.ram", byte 0x[0-9a-f]+: .*, expected .* \(pages-inside-file\)/,
  );
});

test("every command refuses an empty file", PATIENT, async () => {
  await assertRefused(
    new Uint8Array(0),
    /bad\.mr": byte 0x0: 0 bytes up to the end of the file, expected 4 bytes of the magic \(file-truncated\)/,
  );
});

test(
  "a truncation within each header is reported in one line",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const bytes = await fixtureSnapshot();
    await runAllBad([3, 7, 12, 40, 70, 100, 120].map((length) => {
      const name = `cut-${length}`;
      const file = scratch.write(name, bytes.subarray(0, length));
      return [["info", file], 1, /\((file-truncated|capab.*|config.*)\)/];
    }));
  },
);

test(
  "a directory, a device and a missing file are refused",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    await runAllBad([
      [["info", scratch.path], 1, /it is a directory, expected a regular/],
      [["verify", "/dev/zero"], 1, /it is a character device, expected/],
      [["verify", scratch.file("no")], 1, /no such file or directory/],
      [["info", "https://"], 1, /it is not a valid URL/],
    ]);
  },
);

test("a pipe is refused at once", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const fifo = scratch.file("fifo");
  assert.equal(spawnSync("mkfifo", [fifo]).status, 0);
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const input = "QEVM";
  await Promise.all([
    runBad(["info", fifo], 1, /it is a pipe, expected a regular file/),
    runBad(["info", "/dev/stdin"], 1, /standard input is not a file/, {
      input,
    }),
    runBad(["info", "-"], 1, /standard input is not a file/, { input }),
    runBad(["load", file, fifo], 1, /fifo" is not a directory/),
    runBad(["save", fifo, "--block", `ram=${file}`], 1, /it is a pipe/),
  ]);
  assert.deepEqual(scratch.list(), ["fifo", "vm.mr"]);
});

/** Start of a command line: drops root's capabilities to bypass permissions. */
const WITHOUT_RIGHTS = process.getuid?.() === 0
  ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]
  : [];
const canDropRights = WITHOUT_RIGHTS.length === 0 ||
  spawnSync(WITHOUT_RIGHTS[0], [...WITHOUT_RIGHTS.slice(1), "true"]).status ===
    0;

test("a file or a folder without permission is refused", {
  ...PATIENT,
  skip: canDropRights ? false : "root cannot drop its rights: no setpriv",
}, async () => {
  using scratch = new ScratchDirectory();
  const good = scratch.write("good.mr", await fixtureSnapshot());
  const secret = scratch.write("secret.mr", "QEVM");
  const folder = scratch.file("folder");
  mkdirSync(folder);
  chmodSync(secret, 0);
  chmodSync(folder, 0o555);
  if (process.getuid?.() === 0) {
    chownSync(secret, 65534, 65534);
    chownSync(folder, 65534, 65534);
  }
  const options = { wrapper: WITHOUT_RIGHTS };
  const image = ["--block", `ram=${good}`];
  await Promise.all([
    runBad(["info", secret], 1, /secret\.mr": permission denied/, options),
    runBad(["load", good, folder], 1, /permission denied/, options),
    runBad(["save", `${folder}/a`, ...image], 1, /permission denied/, options),
  ]);
});

test("a missing permission of Deno is reported in one line", {
  ...PATIENT,
  skip: ON_DENO ? false : "only Deno has permissions",
}, async () => {
  using scratch = new ScratchDirectory();
  const file = scratch.write("vm.mr", await fixtureSnapshot());
  const out = scratch.file("out.mr");
  const permissions = ["--no-prompt", "--allow-read"];
  await Promise.all([
    runBad(["info", file], 1, /Requires read access/, {
      permissions: ["--no-prompt", "--allow-env"],
    }),
    runBad(
      ["save", out, "--block", `ram=${file}`],
      1,
      /Requires write access/,
      {
        permissions,
      },
    ),
    runBad(["load", file, scratch.path], 1, /Requires write access/, {
      permissions,
    }),
  ]);
  assert.deepEqual(scratch.list(), ["vm.mr"]);
});
