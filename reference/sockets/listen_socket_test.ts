import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect, type Server, type Socket } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { saysOf } from "../qemu/testing/says_of.ts";
import { socketTest } from "../qemu/testing/socket_test.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { connectThrough } from "./connect_socket.ts";
import { listenThrough } from "./listen_socket.ts";
import { nodeSockets } from "./node_sockets.ts";
import type { ListenHandlers, RuntimeSockets } from "./runtime_sockets.ts";

socketTest(
  "listenSocket() accepts connections made before and after the call",
  async (sockets) => {
    using folder = new ScratchFolder();
    using listener = await listenThrough(
      sockets,
      `unix:${folder.file("socket")}`,
    );
    const early = await connectThrough(sockets, listener.name);
    await early.write(new TextEncoder().encode("early"));
    const first = await listener.accept();
    const accepting = listener.accept();
    const late = await connectThrough(sockets, listener.name);
    await late.write(new TextEncoder().encode("late"));
    const second = await accepting;
    const decoder = new TextDecoder();
    assert.equal(decoder.decode(await first.read()), "early");
    assert.equal(decoder.decode(await second.read()), "late");
    for (const channel of [early, late, first, second]) channel.close();
  },
);

socketTest(
  "accept() rejects without a connection, and when it is closed",
  async (sockets) => {
    using folder = new ScratchFolder();
    using listener = await listenThrough(
      sockets,
      `unix:${folder.file("socket")}`,
    );
    const { name } = listener;
    await assert.rejects(
      listener.accept({ timeout: 1 }),
      saysOf(name, /no connection within 1 ms$/),
    );
    const accepting = assert.rejects(
      listener.accept(),
      saysOf(name, /it was closed$/),
    );
    listener.close();
    assert.deepEqual(folder.names(), []);
    await accepting;
    await assert.rejects(listener.accept(), saysOf(name, /it was closed$/));
  },
);

socketTest("listenSocket() rejects an address in use", async (sockets) => {
  using folder = new ScratchFolder();
  using listener = await listenThrough(
    sockets,
    `unix:${folder.file("socket")}`,
  );
  await assert.rejects(
    listenThrough(sockets, listener.name),
    saysOf(
      listener.name,
      /^Cannot listen at .*: the socket exists; if/,
    ),
  );
});

socketTest(
  "listenSocket() closes connections beyond its limit",
  async (sockets) => {
    using folder = new ScratchFolder();
    const path = folder.file("socket");
    using _listener = await listenThrough(sockets, `unix:${path}`);
    const comers = Array.from({ length: 40 }, () => connect(path));
    const closed = comers.map((socket) =>
      new Promise((resolve) => {
        socket.on("error", () => {});
        socket.on("data", () => {});
        socket.on("close", resolve);
      })
    );
    await Promise.any(closed);
    for (const socket of comers) socket.destroy();
    await Promise.all(closed);
  },
);

socketTest("listenSocket() rejects a path that is taken", async (sockets) => {
  using folder = new ScratchFolder();
  const path = folder.file("socket");
  writeFileSync(path, "left by a killed process");
  await assert.rejects(
    listenThrough(sockets, `unix:${path}`),
    saysOf(`unix:${path}`, /^Cannot listen at .* is not a socket$/),
  );
  assert.deepEqual(folder.names(), ["socket"]);
});

socketTest("listenSocket() succeeds right after a close()", async (sockets) => {
  using folder = new ScratchFolder();
  const address = `unix:${folder.file("socket")}`;
  const first = await listenThrough(sockets, address);
  await sleep(10);
  first.close();
  first.close();
  using second = await listenThrough(sockets, address);
  // The first listener must not remove the path while it closes.
  await sleep(10);
  const one = await connectThrough(sockets, address);
  const other = await second.accept();
  one.close();
  assert.equal(await other.read(), undefined);
  other.close();
});

socketTest("an accepted channel outlives the listener", async (sockets) => {
  using folder = new ScratchFolder();
  let count = 0;
  const counting: RuntimeSockets = {
    ...sockets,
    listen: (address, { onSocket, onError }) =>
      sockets.listen(address, {
        onSocket(socket): void {
          count++;
          onSocket(socket);
        },
        onError,
      }),
  };
  const listener = await listenThrough(
    counting,
    `unix:${folder.file("socket")}`,
  );
  const one = await connectThrough(sockets, listener.name);
  const other = await listener.accept();
  const waiting = await connectThrough(sockets, listener.name);
  while (count < 2) await sleep(1);
  listener.close();
  assert.equal(await waiting.read(), undefined);
  await one.write(new Uint8Array([7]));
  assert.deepEqual(await other.read(), new Uint8Array([7]));
  for (const channel of [one, other, waiting]) channel.close();
});

test("accept() rejects when the listener fails", async () => {
  let handlers: ListenHandlers | undefined;
  const sockets: RuntimeSockets = {
    name: "failing",
    connect: () => Promise.reject(new Error("not here")),
    listen: (_address, given) => {
      handlers = given;
      return Promise.resolve({ close: () => {} });
    },
  };
  using listener = await listenThrough(sockets, "tcp:127.0.0.1:1");
  const accepting = listener.accept();
  handlers?.onError(new Error("too many files"));
  const words = /^Cannot accept at tcp:127.0.0.1:1: too many files$/;
  await assert.rejects(accepting, saysOf("tcp:127.0.0.1:1", words));
  await assert.rejects(listener.accept(), saysOf("tcp:127.0.0.1:1", words));
  // A connection that is being made is closed.
  let closed = 0;
  handlers?.onSocket({
    read: () => Promise.resolve(undefined),
    write: () => Promise.resolve(),
    close: () => closed++,
  });
  assert.equal(closed, 1);
});

test("accept() rejects when a server of Node can accept no more", async () => {
  const net = process.getBuiltinModule("node:net");
  const { createServer } = net;
  let server: Server | undefined;
  net.createServer =
    ((listener: (socket: Socket) => void) =>
      server = createServer(listener)) as typeof createServer;
  using folder = new ScratchFolder();
  try {
    const name = `unix:${folder.file("socket")}`;
    using listener = await listenThrough(nodeSockets(), name);
    const accepting = assert.rejects(
      listener.accept(),
      saysOf(name, /^Cannot accept at [^:]*:[^:]*: too many files$/),
    );
    // None of the errors ends the process.
    for (const message of ["too many files", "still too many"]) {
      server?.emit("error", new Error(message));
    }
    await accepting;
  } finally {
    net.createServer = createServer;
  }
});
