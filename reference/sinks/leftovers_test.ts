import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { createFileSink } from "./file_sink.ts";
import { isPartialPath } from "./partial_file.ts";
import { sinkRefusal } from "./testing/sink_refusal.ts";

const BYTES = new TextEncoder().encode("QEVM");
const MODULE = new URL("file_sink.ts", import.meta.url).href;

/** Leaves a file of `path` as a process does that is killed. */
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

/** The name of what a process of our number, not ours, left of `target`. */
function leftoverOfAnother(scratch: ScratchFolder, target: string): string {
  createFileSink(scratch.file("x"));
  const [own] = scratch.names();
  return own.replace(/^x/, target).replace(/......-(?=[^-]*$)/, "qqqqqq-");
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
        `if there is none, remove "${scratch.file(partial)}"`,
    });
  }
  createFileSink(scratch.file("newer")).abort();
  await first.commit();
  assert.equal(readFileSync(path, "latin1"), "QEVM");
  assert.deepEqual(scratch.names(), ["new"]);
});

test("createFileSink() removes what a killed process left", async () => {
  using scratch = new ScratchFolder();
  const path = leave(scratch.file("new"), BYTES);
  leave(scratch.file("newer"), BYTES);
  const [left] = scratch.names();
  assert.match(left, /^new\.\d+-[0-9a-z]+-[0-9a-f]{8}\.partial$/);
  assert(isPartialPath(scratch.file(left)));
  const sink = createFileSink(path);
  await sink.commit();
  assert.equal(readFileSync(path).length, 0);
  assert.equal(scratch.names().length, 2, "that of another file stays");
});

test("createFileSink() goes on with what a killed process left", async () => {
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
  assert.equal(scratch.names().length, 1, "what was there before stays");
  const sink = createFileSink(path, { resume: true });
  await sink.write(new Uint8Array([66]), 1);
  await sink.commit();
  assert.equal(readFileSync(path, "latin1"), "ABVM");
  assert.deepEqual(scratch.names(), ["new"]);
});

test("createFileSink() takes a process of another computer for alive", () => {
  using scratch = new ScratchFolder();
  const name = "new.1-zzzzzz0-00000000.partial";
  writeFileSync(scratch.file(name), "");
  assert.match(
    sinkRefusal(scratch.file("new")),
    /: process 1 is writing it; if/,
  );
  assert.deepEqual(scratch.names(), [name]);
});

test("createFileSink() takes another process of the same number for dead", () => {
  using scratch = new ScratchFolder();
  const other = leftoverOfAnother(scratch, "new");
  writeFileSync(scratch.file(other), "");
  createFileSink(scratch.file("new"));
  assert(!scratch.names().includes(other));
});

test("createFileSink() names what it cannot remove", () => {
  using scratch = new ScratchFolder();
  const other = leftoverOfAnother(scratch, "new");
  mkdirSync(scratch.file(other));
  assert.match(sinkRefusal(scratch.file("new")), /^Cannot write "PATH": .*dir/);
  assert.deepEqual(scratch.names().filter((it) => /^new/.test(it)), [other]);
  assert.equal(scratch.names().length, 2, "and that of another file");
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
