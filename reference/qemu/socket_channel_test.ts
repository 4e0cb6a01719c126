import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SourceError } from "../sources/source_error.ts";
import { ConnectedPair } from "./testing/connected_pair.ts";

const MIB = 2 ** 20;

for (const kind of ["unix", "tcp"] as const) {
  test(`SocketChannel carries bytes both ways, in order: ${kind}`, async () => {
    using pair = await ConnectedPair.open(kind);
    pair.other.pipe(pair.other);
    const sent = Uint8Array.from({ length: 8 * MIB + 5 }, (_, at) => at % 251);
    const sending = (async () => {
      const buffer = new Uint8Array(300_001);
      for (let at = 0; at < sent.length; at += buffer.length) {
        const part = sent.subarray(at, at + buffer.length);
        buffer.set(part);
        await pair.channel.write(buffer.subarray(0, part.length));
        // It is the caller's again, whatever has become of the bytes.
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
  });
}

test("SocketChannel writes in order when nobody waits for the writes", async () => {
  using pair = await ConnectedPair.open();
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
});

test("read() gives what came before the end, then undefined", async () => {
  using pair = await ConnectedPair.open();
  pair.other.end("last");
  await sleep(20);
  assert.equal(text(await pair.channel.read()), "last");
  assert.equal(await pair.channel.read(), undefined);
  assert.equal(await pair.channel.read(), undefined);
});

test("write() still works when the other side has ended its sending", async () => {
  using pair = await ConnectedPair.open();
  const bytes = new Uint8Array(4 * MIB);
  const written = pair.channel.write(bytes);
  pair.other.end();
  assert.equal(await pair.channel.read(), undefined);
  let length = 0;
  pair.other.on("data", (part) => length += part.length);
  await written;
  await once(pair.other, "end");
  assert.equal(length, bytes.length);
});

test("a pending read() gives undefined when close() is called", async () => {
  using pair = await ConnectedPair.open();
  const reading = pair.channel.read();
  pair.channel.close();
  assert.equal(await reading, undefined);
  await assert.rejects(
    pair.channel.write(new Uint8Array(1)),
    (error) =>
      error instanceof SourceError && error.source === pair.channel.name &&
      error.message === `Cannot write to ${pair.channel.name}: it was closed`,
  );
});

test("read() rejects a second read while one is under way", async () => {
  using pair = await ConnectedPair.open();
  const first = pair.channel.read();
  await assert.rejects(pair.channel.read(), TypeError);
  pair.other.write("x");
  assert.equal(text(await first), "x");
});

test("write() rejects when the other side is gone, and so does the next", async () => {
  using pair = await ConnectedPair.open();
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
});

test("close() rejects writes that nobody takes", async () => {
  using pair = await ConnectedPair.open();
  pair.other.pause();
  const refused = assert.rejects(
    pair.channel.write(new Uint8Array(16 * MIB)),
    SourceError,
  );
  await sleep(20);
  pair.channel.close();
  await refused;
});

test("the other side has to wait while nobody reads", async () => {
  using pair = await ConnectedPair.open();
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
});

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}
