import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectedPair } from "../qemu/testing/connected_pair.ts";
import { socketTest } from "../qemu/testing/socket_test.ts";
import { SourceError } from "../sources/mod.ts";
import type { ByteChannel } from "./byte_channel.ts";

const MIB = 2 ** 20;

for (const kind of ["unix", "tcp"] as const) {
  socketTest(
    `SocketChannel carries bytes both ways, in order: ${kind}`,
    async (sockets) => {
      using pair = await ConnectedPair.open(kind, sockets);
      pair.other.pipe(pair.other);
      const sent = Uint8Array.from(
        { length: 8 * MIB + 5 },
        (_, at) => at % 251,
      );
      const sending = (async () => {
        const buffer = new Uint8Array(300_001);
        for (let at = 0; at < sent.length; at += buffer.length) {
          const part = sent.subarray(at, at + buffer.length);
          buffer.set(part);
          await pair.channel.write(buffer.subarray(0, part.length));
          // The caller may reuse the buffer, even if the write failed.
          buffer.fill(255);
        }
      })();
      const received: Uint8Array[] = [];
      for (let length = 0; length < sent.length;) {
        const bytes = await pair.channel.read();
        assert.ok(bytes !== undefined && bytes.length > 0);
        received.push(bytes.slice());
        length += bytes.length;
      }
      await sending;
      assert.ok(Buffer.concat(received).equals(sent));
    },
  );
}

socketTest(
  "SocketChannel writes in order when the writes are not awaited",
  async (sockets) => {
    using pair = await ConnectedPair.open("unix", sockets);
    const sent = Array.from({ length: 300 }, (_, at) => {
      return new Uint8Array(1 + at * 37 % 5000).fill(at);
    });
    const written = Promise.all(sent.map((it) => pair.channel.write(it)));
    const expected = Buffer.concat(sent);
    const received: Uint8Array[] = [];
    for await (const bytes of pair.other) {
      received.push(bytes);
      if (Buffer.concat(received).length === expected.length) break;
    }
    await written;
    assert.ok(Buffer.concat(received).equals(expected));
  },
);

socketTest(
  "read() returns the bytes before the end, then undefined",
  async (sockets) => {
    using pair = await ConnectedPair.open("unix", sockets);
    pair.other.end("last");
    await sleep(20);
    assert.equal(text(await pair.channel.read()), "last");
    assert.equal(await pair.channel.read(), undefined);
    assert.equal(await pair.channel.read(), undefined);
  },
);

socketTest(
  "write() still works after the other side has shut down sending",
  async (sockets) => {
    using pair = await ConnectedPair.open("unix", sockets);
    const bytes = new Uint8Array(4 * MIB);
    const written = pair.channel.write(bytes);
    pair.other.end();
    assert.equal(await pair.channel.read(), undefined);
    let length = 0;
    pair.other.on("data", (part) => length += part.length);
    await written;
    await once(pair.other, "end");
    assert.equal(length, bytes.length);
  },
);

for (const kind of ["unix", "tcp"] as const) {
  socketTest(`close() ends a pending read: ${kind}`, async (sockets) => {
    using pair = await ConnectedPair.open(kind, sockets);
    const reading = pair.channel.read();
    await sleep(10);
    pair.channel.close();
    assert.equal(await pair.channel.read(), undefined);
    assert.equal(await reading, undefined);
    await assert.rejects(
      pair.channel.write(new Uint8Array(1)),
      wasClosed(pair.channel),
    );
    pair.channel.close();
  });

  socketTest(`close() rejects pending writes: ${kind}`, async (sockets) => {
    using pair = await ConnectedPair.open(kind, sockets);
    pair.other.pause();
    const refused = [16 * MIB, 1, 2 * MIB].map((length) =>
      assert.rejects(
        pair.channel.write(new Uint8Array(length)),
        wasClosed(pair.channel),
      )
    );
    await sleep(20);
    pair.channel.close();
    await Promise.all(refused);
  });

  socketTest(
    `a slow reader receives all bytes in order: ${kind}`,
    async (sockets) => {
      using pair = await ConnectedPair.open(kind, sockets);
      pair.other.pause();
      const parts = [3 * MIB + 1, 1, 5, 2 * MIB].map((length, index) =>
        new Uint8Array(length).map((_, at) => (at * 7 + index) % 253)
      );
      const written = Promise.all(parts.map((it) => pair.channel.write(it)));
      const expected = Buffer.concat(parts);
      const received: Uint8Array[] = [];
      let length = 0;
      await new Promise<void>((resolve) => {
        pair.other.on("data", (bytes) => {
          received.push(bytes);
          length += bytes.length;
          if (length >= expected.length) return resolve();
          pair.other.pause();
          setTimeout(() => pair.other.resume(), 1);
        });
        pair.other.resume();
      });
      await written;
      assert.ok(Buffer.concat(received).equals(expected));
    },
  );
}

socketTest(
  "write() rejects after read() has reached the end",
  async (sockets) => {
    using pair = await ConnectedPair.open("unix", sockets);
    pair.other.resume();
    pair.other.end();
    assert.equal(await pair.channel.read(), undefined);
    await once(pair.other, "end");
    await assert.rejects(
      pair.channel.write(new Uint8Array(1)),
      (error) =>
        error instanceof SourceError &&
        error.message === `Cannot write to ${pair.channel.name}: the other ` +
            "side has closed the connection",
    );
  },
);

socketTest(
  "read() returns the bytes received before a write failed",
  async (sockets) => {
    using pair = await ConnectedPair.open("unix", sockets);
    await new Promise((resolve) => pair.other.write("last words", resolve));
    for (let turn = 0; turn < 20; turn++) await sleep(1);
    pair.other.destroy();
    await assert.rejects(
      (async () => {
        for (;;) await pair.channel.write(new Uint8Array(MIB));
      })(),
      /^SourceError: Cannot .*: the other side has closed the connection$/,
    );
    assert.equal(text(await pair.channel.read()), "last words");
    const failed = /^SourceError: Cannot use .*closed the connection$/;
    await assert.rejects(pair.channel.read(), failed);
    await assert.rejects(pair.channel.read(), failed);
    await assert.rejects(pair.channel.write(new Uint8Array(1)), failed);
  },
);

socketTest(
  "read() rejects a second read while one is in progress",
  async (sockets) => {
    using pair = await ConnectedPair.open("unix", sockets);
    const first = pair.channel.read();
    await assert.rejects(pair.channel.read(), TypeError);
    pair.other.write("x");
    assert.equal(text(await first), "x");
  },
);

socketTest(
  "write() rejects when the other side has disconnected, and so does the next",
  async (sockets) => {
    using pair = await ConnectedPair.open("unix", sockets);
    const refused = assert.rejects(
      (async () => {
        for (;;) await pair.channel.write(new Uint8Array(MIB));
      })(),
      (error) =>
        error instanceof SourceError &&
        error.message.includes(pair.channel.name),
    );
    pair.other.destroy();
    await refused;
    await assert.rejects(pair.channel.write(new Uint8Array(1)), SourceError);
  },
);

socketTest(
  "the other side has to wait while the channel is not read",
  async (sockets) => {
    using pair = await ConnectedPair.open("unix", sockets);
    const part = new Uint8Array(MIB).fill(7);
    let taken = 0;
    const sending = (async () => {
      for (let count = 0; count < 64; count++) {
        await new Promise((resolve) => pair.other.write(part, resolve));
        taken++;
      }
    })();
    await sleep(300);
    assert.ok(taken < 16, `${taken} MiB were taken`);
    let length = 0;
    while (length < 64 * MIB) {
      length += (await pair.channel.read())?.length ?? Infinity;
    }
    await sending;
    assert.equal(length, 64 * MIB);
  },
);

/** Whether it reports that the channel was closed. */
function wasClosed({ name }: ByteChannel) {
  return (error: unknown): boolean =>
    error instanceof SourceError && error.source === name &&
    error.message === `Cannot write to ${name}: it was closed`;
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}
