import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { makeTemporaryFolder } from "./temporary_folder.ts";

/** Starts a process that makes a folder in `parent`, through a `wrapper`. */
function startMaker(
  parent: string,
  wrapper: readonly string[] = [],
): ChildProcess {
  const module = new URL("temporary_folder.ts", import.meta.url).href;
  const script = `
    const { makeTemporaryFolder } = await import(${JSON.stringify(module)});
    console.log(makeTemporaryFolder());
    setInterval(() => {}, 1000);`;
  const run = "Deno" in globalThis ? "eval" : "-e";
  const [program, ...args] = [...wrapper, process.execPath, run, script];
  return spawn(program, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: parent },
  });
}

/** Creates a folder with a file in it, of a killed process, in `parent`. */
async function leaveFolder(parent: string): Promise<string> {
  const child = startMaker(parent);
  const closed = once(child, "close");
  assert(child.stdout !== null);
  const [line] = await once(child.stdout, "data");
  const path = String(line).trim();
  writeFileSync(join(path, "devices"), "RAM");
  // Its process is alive, so it is not removed.
  rmSync(makeTemporaryFolder({ parent }), { recursive: true });
  assert(existsSync(path));
  child.kill("SIGKILL");
  await closed;
  return path;
}

test("makeTemporaryFolder() removes the folder of a killed process", async () => {
  using scratch = new ScratchFolder();
  const leftover = await leaveFolder(scratch.path);
  assert.equal(dirname(leftover), scratch.path);
  const folder = makeTemporaryFolder({ parent: scratch.path });
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.deepEqual(scratch.names(), [basename(folder)]);
});

test("makeTemporaryFolder() removes the folder of a zombie", async () => {
  using scratch = new ScratchFolder();
  const negligent = ["sh", "-c", '"$@" & exec sleep 60', "sh"];
  const parent = startMaker(scratch.path, negligent);
  try {
    assert(parent.stdout !== null);
    const [line] = await once(parent.stdout, "data");
    const leftover = basename(String(line).trim());
    const pid = Number(leftover.split("-")[2]);
    process.kill(pid, "SIGKILL");
    const isZombie = () =>
      / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    while (!isZombie()) await setTimeout(5);
    const folder = makeTemporaryFolder({ parent: scratch.path });
    assert.deepEqual(scratch.names(), [basename(folder)]);
  } finally {
    parent.kill("SIGKILL");
  }
});

test("makeTemporaryFolder() removes nothing where others can rename folders", async () => {
  using scratch = new ScratchFolder();
  const leftover = await leaveFolder(scratch.path);
  const make = () =>
    rmSync(makeTemporaryFolder({ parent: scratch.path }), { recursive: true });
  chmodSync(scratch.path, 0o777);
  make();
  assert(existsSync(leftover));
  chmodSync(scratch.path, 0o1777);
  make();
  assert(!existsSync(leftover));
});

test("makeTemporaryFolder() keeps other users', kept, and unknown folders", async () => {
  using scratch = new ScratchFolder();
  const leftover = basename(await leaveFolder(scratch.path));
  const sibling = (suffix: string) => leftover.replace(/[^-]*$/, suffix);
  const [, pid, identity] = /^mapped-ram-(\d+)-(\w+)-/.exec(leftover) ?? [];
  // Of another pid namespace, and of another kernel.
  const elsewhere = [
    `${identity.slice(0, 6)}qqqqqq${identity.slice(12)}`,
    `qqqqqq${identity.slice(6)}`,
  ].map((it) => `mapped-ram-${pid}-${it}-abcdef`);
  const names = [...elsewhere, "mapped-ram-abcdef"];
  // A folder that anyone can enter was not created by this library.
  names.push(sibling("public"));
  mkdirSync(scratch.file(names.at(-1) ?? ""), { mode: 0o755 });
  for (const name of names.slice(0, -1)) {
    mkdirSync(scratch.file(name), { mode: 0o700 });
  }
  mkdirSync(scratch.file("target"));
  writeFileSync(scratch.file("target/file"), "");
  symlinkSync("target", scratch.file(sibling("linked")));
  if (process.geteuid?.() === 0) {
    const other = sibling("others");
    renameSync(scratch.file(leftover), scratch.file(other));
    chownSync(scratch.file(other), 65534, 65534);
  } else rmSync(scratch.file(leftover), { recursive: true });
  const before = scratch.names();
  const kept = makeTemporaryFolder({ keep: true, parent: scratch.path });
  rmSync(makeTemporaryFolder({ parent: scratch.path }), { recursive: true });
  assert.deepEqual(
    scratch.names(),
    [...before, basename(kept)].toSorted(),
  );
  assert(existsSync(scratch.file("target/file")));
});
