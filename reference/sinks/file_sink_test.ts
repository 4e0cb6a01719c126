import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { createFileSink } from "./file_sink.ts";
import { sinkRefusal } from "./testing/sink_refusal.ts";

const BYTES = new TextEncoder().encode("QEVM");

test("commit() makes a file that only its owner can access", async () => {
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

test("setLength() truncates, and extends with a hole", async () => {
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

test("abort() removes the file, and nothing can be written after it", async () => {
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

test("abort() keeps a file that was committed", async () => {
  using scratch = new ScratchFolder();
  const sink = createFileSink(scratch.file("new"));
  await sink.write(BYTES, 0);
  await sink.commit();
  await sink.abort();
  assert.deepEqual(scratch.names(), ["new"]);
});

test("createFileSink() refuses an existing file, unless forced", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("old");
  writeFileSync(path, "old");
  assert.equal(
    sinkRefusal(path),
    'Cannot write "PATH": there is a file of that name',
  );
  const sink = createFileSink(path, { force: true });
  await sink.write(BYTES, 0);
  assert.equal(readFileSync(path, "utf8"), "old");
  await sink.commit();
  assert.equal(readFileSync(path, "utf8"), "QEVM");
  assert.deepEqual(scratch.names(), ["old"]);
});

test("abort() keeps the old file that was to be replaced", async () => {
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

test("commit() removes outdated files before it replaces the file", async () => {
  using folder = new ScratchFolder();
  const path = folder.file("vm.mr");
  const outdated = folder.file("vm.mr.verity");
  const start = () => {
    writeFileSync(outdated, "of the old file");
    const options = { force: true, outdated: [outdated, folder.file("none")] };
    return createFileSink(path, options);
  };
  writeFileSync(path, "old");
  const abandoned = start();
  await abandoned.abort();
  assert.deepEqual(folder.names(), ["vm.mr", "vm.mr.verity"]);
  await start().commit();
  assert.deepEqual(folder.names(), ["vm.mr"]);
  // A commit that fails at its last step has removed them already.
  const failing = start();
  rmSync(path);
  mkdirSync(path);
  await assert.rejects(failing.commit());
  await failing.abort();
  assert.deepEqual(folder.names(), ["vm.mr"]);
});

test("commit() keeps the mode of a file of the same owner that it replaces", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("old");
  for (
    const [uid, before, after] of [[0, 0o640, 0o640], [65534, 0o666, 0o600]]
  ) {
    if (uid !== 0 && process.geteuid?.() !== 0) continue;
    writeFileSync(path, "old");
    chmodSync(path, before);
    if (uid !== 0) chownSync(path, uid, uid);
    const sink = createFileSink(path, { force: true });
    assert.equal(statSync(partialIn(scratch)).mode & 0o777, 0o600);
    await sink.commit();
    assert.equal(statSync(path).mode & 0o777, after);
  }
});

test("commit() and abort() keep a file that has replaced the unfinished one", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("new");
  const sink = createFileSink(path);
  await sink.write(BYTES, 0);
  const partial = partialIn(scratch);
  rmSync(partial);
  writeFileSync(partial, "another's");
  await assert.rejects(
    sink.commit(),
    /: its unfinished file was changed or removed$/,
  );
  await sink.abort();
  assert.equal(readFileSync(partial, "utf8"), "another's");
  assert(!existsSync(path));
});

function partialIn(scratch: ScratchFolder): string {
  const name = scratch.names().find((it) => it.endsWith(".partial"));
  return scratch.file(name ?? assert.fail("there is none"));
}

test("createFileSink() refuses a path that is not a regular file, forced or not", async () => {
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
        sinkRefusal(path, force),
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
    sinkRefusal(scratch.file("none/new")),
    'Cannot write "PATH": no such file or directory',
  );
  writeFileSync(scratch.file("file"), "");
  assert.match(sinkRefusal(scratch.file("file/new")), /: not a directory$/);
  assert.deepEqual(scratch.names(), ["file"]);
});

test("createFileSink() writes into the working folder by a bare name", () => {
  using scratch = new ScratchFolder();
  const module = JSON.stringify(new URL("file_sink.ts", import.meta.url));
  writeFileSync(
    scratch.file("program.mjs"),
    `import { createFileSink } from ${module};
     const sink = createFileSink("bare");
     await sink.write(new Uint8Array([1, 2, 3]), 0);
     await sink.commit();`,
  );
  // The working folder belongs to the process, not only to this test.
  const run = "Deno" in globalThis ? ["run", "--allow-all", "--no-check"] : [];
  execFileSync(process.execPath, [...run, "program.mjs"], {
    cwd: scratch.path,
  });
  assert.deepEqual([...readFileSync(scratch.file("bare"))], [1, 2, 3]);
  assert.deepEqual(scratch.names().toSorted(), ["bare", "program.mjs"]);
});
