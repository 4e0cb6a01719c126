import assert from "node:assert/strict";
import { test } from "node:test";
import { saysOf } from "../qemu/testing/says_of.ts";
import { socketTest } from "../qemu/testing/socket_test.ts";
import { freePort } from "../testing/free_port.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { connectSocket, connectThrough } from "./connect_socket.ts";
import type { RuntimeSocket, RuntimeSockets } from "./runtime_sockets.ts";

socketTest(
  "connectSocket() reports an address where no process listens",
  async (sockets) => {
    using folder = new ScratchFolder();
    const unix = `unix:${folder.file("none")}`;
    await assert.rejects(
      connectThrough(sockets, unix),
      saysOf(unix, /^Cannot connect to unix:.*none: there is no such socket$/),
    );
    const tcp = `tcp:127.0.0.1:${await freePort()}`;
    await assert.rejects(
      connectThrough(sockets, tcp),
      saysOf(tcp, /^Cannot connect to tcp:.*: no process listens there$/),
    );
  },
);

test("connectSocket() stops when its signal aborts", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(connectSocket("unix:/x", { signal }), /enough/);
});

test("connectSocket() closes a connection that is made too late", async () => {
  for (const how of ["timeout", "signal"] as const) {
    const closed = Promise.withResolvers<void>();
    const late: RuntimeSocket = {
      read: () => Promise.resolve(undefined),
      write: () => Promise.resolve(),
      close: () => closed.resolve(),
    };
    const given = Promise.withResolvers<RuntimeSocket>();
    const sockets: RuntimeSockets = {
      name: "late",
      connect: (_address, signal) => {
        signal.addEventListener("abort", () => given.resolve(late));
        return given.promise;
      },
      listen: () => Promise.reject(new Error("not here")),
    };
    const controller = new AbortController();
    const connecting = connectThrough(
      sockets,
      "unix:/x",
      how === "timeout" ? { timeout: 1 } : { signal: controller.signal },
    );
    controller.abort(new Error("enough"));
    await assert.rejects(
      connecting,
      how === "timeout" ? /unix:\/x: no answer in 1 ms$/ : /enough/,
    );
    await closed.promise;
  }
});

test("connectSocket() refuses an invalid address", async () => {
  await assert.rejects(connectSocket("http://x"), RangeError);
});
