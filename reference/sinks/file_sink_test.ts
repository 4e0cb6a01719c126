import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { SourceError } from "../sources/source_error.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { createFileSink } from "./file_sink.ts";
import { isPartialPath } from "./partial_file.ts";

const BYTES = new TextEncoder().encode("QEVM");

function refusal(path: string, force = false): string {
  try {
    createFileSink(path, { force });
  } catch (error) {
    assert(error instanceof SourceError, String(error));
    assert.equal(error.source, path);
    return error.message.replace(path, "PATH");
  }
  return "";
}

test("commit() makes a file of what was written, for its owner alone", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("new");
  const sink = createFileSink(path);
  assert.equal(sink.name, path);
  await sink.write(BYTES, 3);
  await sink.write(BYTES.subarray(0, 1), 10);
  await sink.write(BYTES.subarray(1, 2), 3);
  await sink.flush();
  assert(!existsSync(path));
  await sink.commit();
  assert.equal(
    readFileSync(path, "latin1"),
    "\0\0\0EEVM\0\0\0Q",
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(scratch.names(), ["new"]);
});

test("setLength() cuts and extends with a hole", async () => {
  using scratch = new ScratchFolder();
  const sink = createFileSink(scratch.file("new"));
  await sink.write(BYTES, 0);
  await sink.setLength(2);
  await sink.setLength(2 ** 40);
  await sink.commit();
  const { size, blocks } = statSync(scratch.file("new"));
  assert.equal(size, 2 ** 40);
  assert(blocks * 512 < 0x100000);
});

test("abort() leaves nothing, and nothing can be written behind it", async () => {
  using scratch = new ScratchFolder();
  const sink = createFileSink(scratch.file("new"));
  await sink.write(BYTES, 0);
  assert.equal(scratch.names().length, 1);
  await sink.abort();
  assert.deepEqual(scratch.names(), []);
  await assert.rejects(sink.write(BYTES, 0), SourceError);
  await assert.rejects(sink.setLength(1), SourceError);
  await assert.rejects(sink.flush(), SourceError);
  await assert.rejects(sink.commit(), SourceError);
  await sink.abort();
  assert.deepEqual(scratch.names(), []);
});

test("abort() leaves the file when it was committed", async () => {
  using scratch = new ScratchFolder();
  const sink = createFileSink(scratch.file("new"));
  await sink.write(BYTES, 0);
  await sink.commit();
  await sink.abort();
  assert.deepEqual(scratch.names(), ["new"]);
});

test("createFileSink() refuses a file that is there, unless forced", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("old");
  writeFileSync(path, "old");
  assert.equal(
    refusal(path),
    'Cannot write "PATH": there is a file of that name',
  );
  const sink = createFileSink(path, { force: true });
  await sink.write(BYTES, 0);
  assert.equal(readFileSync(path, "utf8"), "old");
  await sink.commit();
  assert.equal(readFileSync(path, "utf8"), "QEVM");
  assert.deepEqual(scratch.names(), ["old"]);
});

test("abort() leaves the old file when it was to be replaced", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("old");
  writeFileSync(path, "old");
  const sink = createFileSink(path, { force: true });
  await sink.write(BYTES, 0);
  await sink.abort();
  assert.equal(readFileSync(path, "utf8"), "old");
  assert.deepEqual(scratch.names(), ["old"]);
});

test("commit() keeps a file that appeared meanwhile, unless forced", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("new");
  for (const force of [false, true]) {
    const sink = createFileSink(path, { force });
    await sink.write(BYTES, 0);
    writeFileSync(path, "meanwhile");
    if (force) {
      await sink.commit();
      assert.equal(readFileSync(path, "utf8"), "QEVM");
    } else {
      await assert.rejects(sink.commit(), {
        name: "SourceError",
        message: `Cannot write "${path}": file already exists`,
      });
      await sink.abort();
      assert.equal(readFileSync(path, "utf8"), "meanwhile");
    }
    assert.deepEqual(scratch.names(), ["new"]);
  }
});

test("createFileSink() writes where a symbolic link points to", async () => {
  using scratch = new ScratchFolder();
  mkdirSync(scratch.file("far"));
  writeFileSync(scratch.file("far/real"), "old");
  symlinkSync("far/real", scratch.file("link"));
  const sink = createFileSink(scratch.file("link"), { force: true });
  await sink.write(BYTES, 0);
  await sink.commit();
  assert.equal(readlinkSync(scratch.file("link")), "far/real");
  assert.equal(readFileSync(scratch.file("far/real"), "utf8"), "QEVM");
  assert.deepEqual(scratch.names(), ["far", "link"]);
});

test("createFileSink() refuses what is not a regular file, forced or not", async () => {
  using scratch = new ScratchFolder();
  execFileSync("mkfifo", [scratch.file("pipe")]);
  const server = createServer();
  await new Promise<void>((resolve) =>
    server.listen(scratch.file("socket"), resolve)
  );
  for (const force of [false, true]) {
    for (
      const [path, kind] of [
        [scratch.path, "a directory"],
        [scratch.file("pipe"), "a pipe"],
        [scratch.file("socket"), "a socket"],
        ["/dev/null", "a character device"],
      ]
    ) {
      assert.match(
        refusal(path, force),
        new RegExp(`^Cannot write "PATH": it is ${kind}, expected`),
      );
    }
  }
  assert.deepEqual(scratch.names(), ["pipe", "socket"]);
  await new Promise((resolve) => server.close(resolve));
});

test("createFileSink() says which folder is missing or not permitted", () => {
  using scratch = new ScratchFolder();
  assert.equal(
    refusal(scratch.file("none/new")),
    'Cannot open "PATH": no such file or directory',
  );
  writeFileSync(scratch.file("file"), "");
  assert.match(refusal(scratch.file("file/new")), /: not a directory$/);
  assert.deepEqual(scratch.names(), ["file"]);
});

test("createFileSink() writes into the working folder by a bare name", () => {
  using scratch = new ScratchFolder();
  const module = JSON.stringify(new URL("file_sink.ts", import.meta.url));
  writeFileSync(
    scratch.file("program.ts"),
    `import { createFileSink } from ${module};
     const sink = createFileSink("bare");
     await sink.write(new Uint8Array([1, 2, 3]), 0);
     await sink.commit();`,
  );
  // The working folder is the process's, not only this test's.
  const run = "Deno" in globalThis ? ["run", "--allow-all", "--no-check"] : [];
  execFileSync(process.execPath, [...run, "program.ts"], { cwd: scratch.path });
  assert.deepEqual([...readFileSync(scratch.file("bare"))], [1, 2, 3]);
  assert.deepEqual(scratch.names().toSorted(), ["bare", "program.ts"]);
});

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

const MODULE = new URL("file_sink.ts", import.meta.url).href;

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
  assert.match(refusal(scratch.file("new")), /: process 1 is writing it; if/);
  assert.deepEqual(scratch.names(), [name]);
});

test("createFileSink() takes another process of the same number for dead", () => {
  using scratch = new ScratchFolder();
  createFileSink(scratch.file("x"));
  const [own] = scratch.names();
  const other = own.replace(/^x/, "new").replace(
    /......-(?=[^-]*$)/,
    "qqqqqq-",
  );
  writeFileSync(scratch.file(other), "");
  createFileSink(scratch.file("new"));
  assert(!scratch.names().includes(other));
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
    refusal(path),
    new RegExp(`^Cannot write "PATH": process ${child.pid} is writing it; `),
  );
  process.kill(child.pid ?? 0, "SIGKILL");
  await closed;
  await createFileSink(path).commit();
  assert.deepEqual(scratch.names(), ["new"]);
});
