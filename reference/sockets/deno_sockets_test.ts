import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { saysOf } from "../qemu/testing/says_of.ts";
import { connectThrough } from "./connect_socket.ts";
import {
  type DenoConnection,
  type DenoNet,
  denoSockets,
} from "./deno_sockets.ts";
import { listenThrough } from "./listen_socket.ts";

/** What a double of a connection does by default. */
const IDLE: DenoConnection = {
  read: () => Promise.resolve(null),
  write: (bytes) => Promise.resolve(bytes.length),
  closeWrite: () => Promise.resolve(),
  close: () => {},
};

/** A `Deno` whose connections are doubles. */
function fakeDeno(connection: Partial<DenoConnection>): DenoNet {
  return {
    connect: () => Promise.resolve({ ...IDLE, ...connection }),
    listen: () => {
      throw new Error("no process listens here");
    },
  };
}

function channelOver(connection: Partial<DenoConnection>) {
  const sockets = denoSockets(fakeDeno(connection));
  assert.ok(sockets);
  return connectThrough(sockets, "unix:/x");
}

test("denoSockets() returns sockets on Deno only", () => {
  assert.equal(denoSockets() !== undefined, "Deno" in globalThis);
  assert.equal(denoSockets({}), undefined);
});

test("Deno's sockets read into one buffer", async () => {
  const targets: ArrayBufferLike[] = [];
  const lengths = [3, 0, 0, 5];
  const channel = await channelOver({
    read(target) {
      targets.push(target.buffer);
      const length = lengths.shift();
      if (length === undefined) return Promise.resolve(null);
      target.fill(length, 0, length);
      return Promise.resolve(length);
    },
  });
  assert.deepEqual(await channel.read(), new Uint8Array(3).fill(3));
  // A read of 0 bytes does not mean the end.
  assert.deepEqual(await channel.read(), new Uint8Array(5).fill(5));
  assert.equal(await channel.read(), undefined);
  assert.equal(targets.length, 5);
  assert.equal(new Set(targets).size, 1);
});

test("Deno's sockets read into the caller's buffer and not past it", async () => {
  const channel = await channelOver({
    read(target) {
      target.fill(7);
      return Promise.resolve(target.length);
    },
  });
  const buffer = new Uint8Array(6);
  const bytes = await channel.read(buffer.subarray(2, 5));
  assert.equal(bytes?.buffer, buffer.buffer);
  assert.equal(bytes.length, 3);
  assert.deepEqual(buffer, Uint8Array.of(0, 0, 7, 7, 7, 0));
  // Without room in `target`, the channel uses its own buffer.
  const own = await channel.read(buffer.subarray(6));
  assert.deepEqual(own?.subarray(0, 1), Uint8Array.of(7));
});

test("Deno's sockets write everything even if the kernel accepts little at a time", async () => {
  const taken: number[] = [];
  const channel = await channelOver({
    async write(bytes) {
      const length = Math.min(bytes.length, 1 + taken.length % 3);
      // Each write takes time: a second one that did not wait would be
      // interleaved.
      await sleep(1);
      taken.push(...bytes.subarray(0, length));
      return length;
    },
  });
  await Promise.all([
    channel.write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7)),
    channel.write(new Uint8Array(0)),
    channel.write(Uint8Array.of(8)),
    channel.write(Uint8Array.of(9, 10, 11)),
  ]);
  assert.deepEqual(taken, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("Deno's sockets write nothing after a failed write", async () => {
  const broken = Object.assign(new Error("broken"), { code: "EPIPE" });
  let calls = 0;
  const channel = await channelOver({
    async write() {
      await sleep(1);
      if (++calls === 2) throw broken;
      return 1;
    },
  });
  const words = /the other side has closed the connection$/;
  await Promise.all([
    assert.rejects(channel.write(Uint8Array.of(1, 2)), words),
    assert.rejects(channel.write(Uint8Array.of(3)), words),
  ]);
  await assert.rejects(channel.write(Uint8Array.of(4)), words);
  assert.equal(calls, 2);
});

test("Deno's sockets shut down sending after the last write", async () => {
  const done: string[] = [];
  const channel = await channelOver({
    async write(bytes) {
      await sleep(5);
      done.push("written");
      return bytes.length;
    },
    closeWrite() {
      done.push("ended");
      return Promise.reject(new Error("disconnected"));
    },
  });
  const written = channel.write(new Uint8Array(1));
  assert.equal(await channel.read(), undefined);
  await written;
  await sleep(1);
  assert.deepEqual(done, ["written", "ended"]);
});

test("Deno's sockets set TCP_NODELAY if possible", async () => {
  const calls: boolean[] = [];
  await channelOver({ setNoDelay: (noDelay) => void calls.push(noDelay) });
  assert.deepEqual(calls, [true]);
  await channelOver({
    setNoDelay() {
      throw new Error("disconnected");
    },
  });
});

test("Deno's listener skips an aborted connection and ends on an error", async () => {
  const gone = Object.assign(new Error("aborted"), { code: "ECONNABORTED" });
  const comers = [
    () => Promise.reject(gone),
    () => Promise.resolve(IDLE),
    () => Promise.reject(new Error("too many files")),
  ];
  let closed = 0;
  const sockets = denoSockets({
    connect: () => Promise.resolve(IDLE),
    listen: () => ({
      accept: () => comers.shift()?.() ?? Promise.reject(new Error("no more")),
      close: () => closed++,
    }),
  });
  assert.ok(sockets);
  const name = "tcp:127.0.0.1:1";
  using listener = await listenThrough(sockets, name);
  const channel = await listener.accept();
  assert.equal(await channel.read(), undefined);
  await assert.rejects(listener.accept(), saysOf(name, /: too many files$/));
  listener.close();
  assert.equal(closed, 1);
  assert.equal(comers.length, 0);
});
