import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { SourceError } from "../sources/source_error.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { connectSocket } from "./connect_socket.ts";
import { listenSocket } from "./listen_socket.ts";

/** Whether it is a SourceError of that source that says so. */
function says(source: string, words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof SourceError, String(error));
    assert.equal(error.source, source);
    assert.match(error.message, words);
    return true;
  };
}

test("connectSocket() says where nobody listens", async () => {
  using folder = new ScratchFolder();
  const unix = `unix:${folder.file("none")}`;
  await assert.rejects(
    connectSocket(unix),
    says(unix, /^Cannot connect to unix:.*none: there is no such socket$/),
  );
  const tcp = `tcp:127.0.0.1:${await freePort()}`;
  await assert.rejects(
    connectSocket(tcp),
    says(tcp, /^Cannot connect to tcp:.*: nobody listens there$/),
  );
});

test("connectSocket() gives up when its signal says so", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(connectSocket("unix:/x", { signal }), /enough/);
});

test("connectSocket() refuses what is no address", async () => {
  await assert.rejects(connectSocket("http://x"), RangeError);
});

test("listenSocket() accepts those who come before and after it asks", async () => {
  using folder = new ScratchFolder();
  using listener = await listenSocket(`unix:${folder.file("socket")}`);
  const early = await connectSocket(listener.name);
  await early.write(new TextEncoder().encode("early"));
  const first = await listener.accept();
  const accepting = listener.accept();
  const late = await connectSocket(listener.name);
  await late.write(new TextEncoder().encode("late"));
  const second = await accepting;
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(await first.read()), "early");
  assert.equal(decoder.decode(await second.read()), "late");
  for (const channel of [early, late, first, second]) channel.close();
});

test("accept() rejects when nobody comes, and when it is closed", async () => {
  using folder = new ScratchFolder();
  using listener = await listenSocket(`unix:${folder.file("socket")}`);
  const { name } = listener;
  await assert.rejects(
    listener.accept({ timeout: 1 }),
    says(name, /nobody has come in 1 ms$/),
  );
  const accepting = assert.rejects(
    listener.accept(),
    says(name, /it was closed$/),
  );
  listener.close();
  await accepting;
  await assert.rejects(listener.accept(), says(name, /it was closed$/));
  assert.deepEqual(folder.names(), []);
});

test("listenSocket() rejects an address in use", async () => {
  using folder = new ScratchFolder();
  using listener = await listenSocket(`unix:${folder.file("socket")}`);
  await assert.rejects(
    listenSocket(listener.name),
    says(listener.name, /^Cannot listen at .*: the address is in use$/),
  );
});

test("listenSocket() sends away those who come and come", async () => {
  using folder = new ScratchFolder();
  const path = folder.file("socket");
  using _listener = await listenSocket(`unix:${path}`);
  const sockets = Array.from({ length: 40 }, () => connect(path));
  const closed = sockets.map((socket) =>
    new Promise((resolve) => {
      socket.on("error", () => {});
      socket.on("data", () => {});
      socket.on("close", resolve);
    })
  );
  await Promise.any(closed);
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
});

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
