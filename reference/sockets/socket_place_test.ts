import assert from "node:assert/strict";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { SocketPlace, type SocketPlaceOptions } from "./socket_place.ts";

/** Binds a socket where the place requires, and publishes it at a path. */
async function listenAt(
  path: string,
  options: SocketPlaceOptions = {},
): Promise<{ readonly place: SocketPlace; readonly server: Server }> {
  const place = new SocketPlace(path, options);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(place.bindPath, resolve));
  try {
    place.publish();
  } catch (error) {
    server.close();
    throw error;
  }
  return { place, server };
}

/** Leaves a socket at a path as a killed process does; returns its inode. */
async function leaveDead(path: string): Promise<number> {
  const { server } = await listenAt(path);
  server.close();
  return lstatSync(path).ino;
}

function refusal(path: string, reason: RegExp) {
  return (error: unknown): boolean => {
    assert(error instanceof SourceError);
    assert.equal(error.source, `unix:${path}`);
    assert(error.message.startsWith(`Cannot listen at unix:${path}: `));
    assert.match(error.message, reason);
    return true;
  };
}

test("SocketPlace publishes a socket only with access restricted to its owner", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("s");
  const place = new SocketPlace(path);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(place.bindPath, resolve));
  const [folder, ...others] = scratch.names();
  assert.deepEqual(others, []);
  assert.equal(lstatSync(scratch.file(folder)).mode & 0o777, 0o700);
  place.publish();
  assert.equal(lstatSync(path).mode & 0o777, 0o600);
  assert.deepEqual(scratch.names(), ["s"]);
  place.remove();
  assert.deepEqual(scratch.names(), []);
  server.close();
});

test("SocketPlace gives others access only if that was asked for", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("s");
  const { place, server } = await listenAt(path, { mode: 0o660 });
  assert.equal(lstatSync(path).mode & 0o777, 0o660);
  place.remove();
  server.close();
});

test("SocketPlace replaces a socket only if no process listens", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("s");
  const dead = await leaveDead(path);
  for (
    const [answer, reason] of [
      [true, /: another process listens there$/],
      [undefined, /; if no process listens there, remove it$/],
    ] as const
  ) {
    const isListening = () => answer;
    await assert.rejects(
      listenAt(path, { isListening }),
      refusal(path, reason),
    );
    assert.equal(lstatSync(path).ino, dead);
  }
  const asked: string[] = [];
  const { place, server } = await listenAt(path, {
    isListening(path) {
      asked.push(path);
      return false;
    },
  });
  assert.deepEqual(asked, [path]);
  assert.notEqual(lstatSync(path).ino, dead);
  assert.deepEqual(scratch.names(), ["s"]);
  place.remove();
  server.close();
});

test("SocketPlace keeps a socket that appeared during its check", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("s");
  await leaveDead(path);
  const other = await listenAt(scratch.file("other"));
  const living = lstatSync(scratch.file("other")).ino;
  const isListening = () => {
    renameSync(scratch.file("other"), path);
    return false;
  };
  const reason = /: another process has just created it$/;
  await assert.rejects(listenAt(path, { isListening }), refusal(path, reason));
  assert.equal(lstatSync(path).ino, living);
  assert.deepEqual(scratch.names(), ["s"]);
  other.server.close();
});

test("SocketPlace removes only its own socket", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("s");
  const first = await listenAt(path);
  const second = await listenAt(scratch.file("other"));
  renameSync(scratch.file("other"), path);
  first.place.remove();
  assert(existsSync(path), "the second socket exists");
  for (const { server } of [first, second]) server.close();
});

test("SocketPlace refuses a path that is not a socket, or is another user's", async () => {
  using scratch = new ScratchFolder();
  const isListening = () => false;
  writeFileSync(scratch.file("file"), "");
  symlinkSync("nowhere", scratch.file("link"));
  mkdirSync(scratch.file("folder"));
  for (const name of ["file", "link", "folder"]) {
    const path = scratch.file(name);
    await assert.rejects(
      listenAt(path, { isListening }),
      refusal(path, /: the path exists and is not a socket$/),
    );
  }
  if (process.geteuid?.() === 0) {
    const path = scratch.file("s");
    await leaveDead(path);
    chownSync(path, 65534, 65534);
    await assert.rejects(
      listenAt(path, { isListening }),
      refusal(path, /: it is a socket of another user \(65534\)$/),
    );
  }
  const far = scratch.file("no/s");
  assert.throws(() => new SocketPlace(far), refusal(far, /no such file/));
  const long = `/${"x".repeat(101)}/s`;
  const reason = /folder has 102 bytes, expected at most 100$/;
  assert.throws(() => new SocketPlace(long), refusal(long, reason));
});
