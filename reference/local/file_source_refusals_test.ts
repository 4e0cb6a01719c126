import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { openFileSource } from "./file_source.ts";

function failureOf(path: string): string {
  try {
    openFileSource(path).close();
  } catch (error) {
    assert(error instanceof SourceError, String(error));
    assert.equal(error.source, path);
    return error.message.replace(path, "PATH");
  }
  return "";
}

test("openFileSource() refuses an irregular file with a one-line message", async () => {
  using scratch = new ScratchFolder();
  const refusal = (kind: string) =>
    `Cannot open "PATH": it is ${kind}, expected a regular file, which can be ` +
    "read and written at any position";
  assert.equal(failureOf(scratch.path), refusal("a directory"));
  execFileSync("mkfifo", [scratch.file("pipe")]);
  assert.equal(failureOf(scratch.file("pipe")), refusal("a pipe"));
  assert.equal(failureOf("/dev/null"), refusal("a character device"));
  const server = createServer();
  const socket = scratch.file("socket");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  assert.match(failureOf(socket), /^Cannot open "PATH": [^\n]+$/);
  await new Promise((resolve) => server.close(resolve));
});

test("openFileSource() says why a file cannot be opened", () => {
  using scratch = new ScratchFolder();
  const reason = (path: string) => failureOf(path);
  assert.equal(
    reason(scratch.file("none")),
    'Cannot open "PATH": no such file or directory',
  );
  writeFileSync(scratch.file("a"), "");
  assert.equal(
    reason(`${scratch.file("a")}/b`),
    'Cannot open "PATH": not a directory',
  );
  symlinkSync("loop", scratch.file("loop"));
  assert.match(reason(scratch.file("loop")), /^Cannot open "PATH": [^\n,]+$/);
  chmodSync(scratch.file("a"), 0);
  if (process.getuid?.() === 0) return; // root may read everything
  assert.equal(
    reason(scratch.file("a")),
    'Cannot open "PATH": permission denied',
  );
});
