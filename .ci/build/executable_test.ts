import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kill } from "node:process";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { buildExecutable } from "./executable.ts";
import { NAME } from "./project.ts";

const PATIENT = { timeout: 900_000 };

let folder: string;
let program: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "mapped-ram-executable-"));
  program = join(folder, NAME);
  await buildExecutable(program);
  const image = new Uint8Array(0x1000000).fill(7, 0x200000);
  writeFileSync(join(folder, "ram.img"), image);
  call("save", "vm.mr", "--block", "ram=ram.img", "--jobs", "2");
}, PATIENT);

after(() => rmSync(folder, { recursive: true }));

function call(...args: readonly string[]): string {
  const env = { PATH: "/nowhere" };
  return execFileSync(program, args, { cwd: folder, encoding: "utf8", env });
}

test("the program needs no runtime", PATIENT, () => {
  assert.match(call("info", "--help"), /^Usage: mapped-ram info FILE/);
  call("load", "vm.mr", "out", "--jobs", "2");
  const loaded = readFileSync(join(folder, "out/ram.img"));
  assert(loaded.equals(readFileSync(join(folder, "ram.img"))));
  assert.match(call("save", "--live"), /\nequal: /);
  assert.match(call("completion", "zsh"), /^#compdef mapped-ram\n/);
});

test("the program ends without a word when its reader leaves", () => {
  const line = '"$0" read vm.mr ram 0 16M | head -n 1; echo "${PIPESTATUS[0]}"';
  const { stdout, stderr } = spawnSync("bash", ["-c", line, program], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  assert.match(stdout, /^0+ .*\n141\n$/);
});

test(
  "Ctrl-C ends the program with 130, and leaves no file",
  PATIENT,
  async () => {
    const image = join(folder, "large.img");
    writeFileSync(image, "");
    truncateSync(image, 2 ** 38);
    const args = ["save", "large.mr", "--block", "ram=large.img", "--scan"];
    const child = spawn(program, args, { cwd: folder, stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", resolve));
    const isWriting = () =>
      readdirSync(folder).some((it) => it.startsWith("large.mr"));
    while (!isWriting()) await sleep(10);
    if (child.pid !== undefined) kill(child.pid, "SIGINT");
    assert.equal(await ended, 130);
    assert(!isWriting());
  },
);
