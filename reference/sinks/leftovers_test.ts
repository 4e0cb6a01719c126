import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { createFileSink } from "./file_sink.ts";
import { isPartialPath } from "./partial_file.ts";
import { sinkRefusal } from "./testing/sink_refusal.ts";

const BYTES = new TextEncoder().encode("QEVM");
const MODULE = new URL("file_sink.ts", import.meta.url).href;

/** Leaves an unfinished file of `path` as a killed process does. */
function leave(path: string, bytes: Uint8Array): string {
  const script = `
    const sink = (await import(${JSON.stringify(MODULE)})).createFileSink(
      process.argv.at(-2), { force: true });
    await sink.write(Uint8Array.from(JSON.parse(process.argv.at(-1))), 0);
    process.kill(process.pid, "SIGKILL");`;
  const args = [path, JSON.stringify([...bytes])];
  const run = process.versions.deno === undefined
    ? ["-e", script, ...args]
    : ["eval", script, ...args];
  assert.throws(() => execFileSync(process.execPath, run, { stdio: "pipe" }));
  return path;
}

/** Positions of the parts of an identity in a name. */
const KERNEL = 0, NAMESPACE = 6, START = 12;

/**
 * Leaves an empty file of `target` as a process does that differs from this one
 * in a part of its identity; `locks` is whether its name says that it is
 * locked.
 */
function leaveOfAnother(
  scratch: ScratchFolder,
  target: string,
  { differs, locks }: { readonly differs: number; readonly locks: boolean },
): string {
  const sink = createFileSink(scratch.file("x"));
  const [own] = scratch.names().filter((name) => name.startsWith("x."));
  sink.abort();
  const [, pid, identity] = /^x\.(\d+)-([0-9a-z]{18})/.exec(own) ?? [];
  const other = identity.slice(0, differs) + "qqqqqq" +
    identity.slice(differs + 6);
  const name = `${target}.${pid}-${other}${locks ? "l" : ""}-00000000.partial`;
  writeFileSync(scratch.file(name), "", { mode: 0o600 });
  return name;
}

test("createFileSink() refuses a file that is being written", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("new");
  const first = createFileSink(path);
  await first.write(BYTES, 0);
  const [partial] = scratch.names();
  for (const resume of [false, true]) {
    assert.throws(() => createFileSink(path, { force: true, resume }), {
      name: "SourceError",
      message:
        `Cannot write "${path}": process ${process.pid} is writing it; ` +
        `if that process no longer exists, remove "${scratch.file(partial)}"`,
    });
  }
  createFileSink(scratch.file("newer")).abort();
  await first.commit();
  assert.equal(readFileSync(path, "latin1"), "QEVM");
  assert.deepEqual(scratch.names(), ["new"]);
});

test("createFileSink() removes the file of a killed process", async () => {
  using scratch = new ScratchFolder();
  const path = leave(scratch.file("new"), BYTES);
  leave(scratch.file("newer"), BYTES);
  const [leftover] = scratch.names();
  assert.match(leftover, /^new\.\d+-[0-9a-z]{18}l?-[0-9a-f]{8}\.partial$/);
  assert(isPartialPath(scratch.file(leftover)));
  const sink = createFileSink(path);
  await sink.commit();
  assert.equal(readFileSync(path).length, 0);
  assert.equal(scratch.names().length, 2, "the other target's file stays");
});

test("createFileSink() resumes the file of a killed process", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("new");
  assert.throws(() => createFileSink(path, { resume: true }), {
    name: "SourceError",
    message: `Cannot resume "${path}": there is no unfinished file of it`,
  });
  leave(path, BYTES);
  const given = createFileSink(path, { resume: true });
  await given.write(new Uint8Array([65]), 0);
  await given.abort();
  assert.equal(scratch.names().length, 1, "the file found is kept");
  const sink = createFileSink(path, { resume: true });
  await sink.write(new Uint8Array([66]), 1);
  await sink.commit();
  assert.equal(readFileSync(path, "latin1"), "ABVM");
  assert.deepEqual(scratch.names(), ["new"]);
});

test("createFileSink() treats a process that it cannot see as alive", () => {
  using scratch = new ScratchFolder();
  for (const differs of [KERNEL, NAMESPACE]) {
    const name = leaveOfAnother(scratch, "new", { differs, locks: false });
    assert.match(
      sinkRefusal(scratch.file("new")),
      /: process \d+ of another container or host may be writing it; if it is/,
    );
    assert.deepEqual(scratch.names(), [name]);
    rmSync(scratch.file(name));
  }
});

test("createFileSink() detects by its lock whether a process elsewhere is alive", () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("new");
  const name = leaveOfAnother(scratch, "new", {
    differs: NAMESPACE,
    locks: true,
  });
  const inode = statSync(scratch.file(name)).ino;
  let living = true;
  const options = {
    // As on a file system without locks: the other process has this file's
    // lock.
    tryLock: (fd: number) => fstatSync(fd).ino !== inode || !living,
  };
  if ("Deno" in globalThis) {
    using other = Deno.openSync(scratch.file(name), { write: true });
    assert(other.tryLockSync(true));
    assert.throws(() => createFileSink(path), /: process \d+ is writing it;/);
  } else {
    assert.throws(
      () => createFileSink(path, options),
      /: process \d+ is writing it;/,
    );
    living = false;
  }
  const sink = createFileSink(path, options);
  assert(!scratch.names().includes(name));
  sink.abort();
});

test("createFileSink() detects that a pid has been reused", () => {
  using scratch = new ScratchFolder();
  const other = leaveOfAnother(scratch, "new", {
    differs: START,
    locks: false,
  });
  createFileSink(scratch.file("new"));
  assert(!scratch.names().includes(other));
});

test("createFileSink() ignores files of other users", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("new");
  const plants: Record<string, (name: string) => void> = {
    "0-0-aaaaaaa0": (name) => mkdirSync(name),
    "0-0-aaaaaaa1": (name) => symlinkSync(scratch.file("elsewhere"), name),
    "0-0-aaaaaaa2": (name) => execFileSync("mkfifo", [name]),
  };
  writeFileSync(scratch.file("elsewhere"), "");
  if (process.geteuid?.() === 0) {
    plants["0-0-aaaaaaa3"] = (name) => {
      writeFileSync(name, BYTES, { mode: 0o666 });
      chownSync(name, 65534, 65534);
    };
  }
  const names = Object.entries(plants).map(([name, plant]) => {
    plant(`${path}.${name}.partial`);
    return `new.${name}.partial`;
  });
  assert.throws(
    () => createFileSink(path, { resume: true }),
    /: there is no unfinished file of it owned by this user$/,
  );
  const sink = createFileSink(path);
  await sink.write(BYTES, 0);
  await sink.commit();
  assert.equal(statSync(path).uid, process.geteuid?.() ?? 0);
  assert.equal(readFileSync(scratch.file("elsewhere")).length, 0);
  assert.deepEqual(scratch.names(), ["elsewhere", "new", ...names]);
});

test("createFileSink() does not resume a file that others may have read or linked", () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("new");
  const leftover = `${path}.0-0-00000000.partial`;
  const changes: readonly (() => void)[] = [
    () => chmodSync(leftover, 0o644),
    () => linkSync(leftover, path), // as left by a process killed in a commit
  ];
  for (const change of changes) {
    writeFileSync(leftover, "old", { mode: 0o600 });
    change();
    assert.throws(
      () => createFileSink(path, { resume: true, force: true }),
      /: its unfinished file has another name too, or other users may read/,
    );
    assert.equal(readFileSync(leftover, "latin1"), "old");
    createFileSink(path, { force: true }).abort();
    assert(!existsSync(leftover));
  }
  assert.equal(readFileSync(path, "latin1"), "old");
});

test("createFileSink() refuses a file that another process is writing", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("new");
  const script = `
    const { createFileSink } = await import(${JSON.stringify(MODULE)});
    const sink = createFileSink(process.argv.at(-1));
    console.log("writing");
    setInterval(() => sink.flush(), 1000);`;
  const run = process.versions.deno === undefined ? "-e" : "eval";
  const child = spawn(process.execPath, [run, script, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  assert(child.stdout !== null);
  await once(child.stdout, "data");
  assert.match(
    sinkRefusal(path),
    new RegExp(`^Cannot write "PATH": process ${child.pid} is writing it; `),
  );
  process.kill(child.pid ?? 0, "SIGKILL");
  await closed;
  await createFileSink(path).commit();
  assert.deepEqual(scratch.names(), ["new"]);
});
