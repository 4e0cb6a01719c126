import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { ByteWriter } from "../../format/bytes/mod.ts";
import { RuleError } from "../../format/rules/mod.ts";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { openSequential } from "../sequential/mod.ts";
import { memorySink } from "../sinks/mod.ts";
import type { ByteChannel } from "../sockets/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { FullDisk } from "../testing/full_disk.ts";
import { SequentialGuest } from "../testing/sequential_guest.ts";
import { KeptStreamError } from "./kept_stream_error.ts";
import { receiveMigration, type ReceiveOptions } from "./receive_migration.ts";

const PAGE = 4096;
const UNKNOWN_COMMAND = Uint8Array.of(8, 0, 12, 0, 3, 1, 2, 3);
/** The same item with a known command. */
const KNOWN_COMMAND = Uint8Array.of(8, 0, 10, 0, 3, 1, 2, 3);

/** A channel that delivers these bytes in pieces. */
function channelOf(bytes: Uint8Array, piece = 1000): ByteChannel {
  let at = 0;
  return {
    name: "unix:/vm",
    // deno-lint-ignore require-await -- a channel waits
    async read() {
      if (at >= bytes.length) return undefined;
      at += piece;
      return bytes.slice(at - piece, at);
    },
    async write() {},
    close() {},
  };
}

/** Returns what is kept of a refused migration. */
async function keptOf(
  bytes: Uint8Array,
  options: ReceiveOptions = {},
): Promise<{ readonly kept: Uint8Array; readonly error: unknown }> {
  const kept = memorySink();
  const out = memorySink();
  let error: unknown;
  await receiveMigration(channelOf(bytes), out, {
    keepStream: () => kept,
    ...options,
  }).catch((it) => error = it);
  assert(error, "it is refused");
  assert.equal(out.bytes().length, 0, "no snapshot is left");
  return { kept: kept.bytes(), error };
}

function section(type: 1 | 4, idstr: string, body: Uint8Array): Uint8Array {
  return new ByteWriter().u8(type).be32(7).countedString(idstr).be32(0).be32(1)
    .bytes(body).u8(0x7e).be32(7).finish();
}

/** A guest with pages of two blocks, and a section before RAM's END. */
function guestWith(
  between: Uint8Array,
  before: Uint8Array<ArrayBuffer> = new Uint8Array(0),
): SequentialGuest {
  const guest = new SequentialGuest({ ram: 40, vram: 3 }, { before });
  const random = randomNumbers(3);
  const page = () => new Uint8Array(PAGE).fill(1 + random(255));
  guest.part(() => {
    for (let index = 0; index < 40; index += 1 + random(3)) {
      guest.page("ram", index, page());
    }
    guest.page("vram", 1, page());
  });
  guest.part(() => {
    guest.zero("vram", 1);
    guest.page("ram", 5, page());
  });
  guest.raw(between);
  // The record continues the block named last.
  guest.part(() => {
    guest.page("ram", 6, page());
    guest.delta("ram", 5, [{ at: 9, bytes: Uint8Array.of(1, 2, 3) }]);
    guest.page("vram", 0, page());
  }, 3);
  return guest;
}

test("keepStream() copies unknown bytes before the pages unchanged", async () => {
  const strange = new Uint8Array(700).fill(0x7e);
  for (
    const before of [
      section(1, "0000:00:03.0/vfio", strange),
      UNKNOWN_COMMAND,
      // The footer found first is not a footer.
      section(4, "early", Uint8Array.of(9, 0x7e, 0, 0, 0, 7, 3, 9, 9, 9)),
      Uint8Array.of(9),
      new ByteWriter().u8(5).countedString("configuration/new").be32(1)
        .finish(),
    ]
  ) {
    const bytes = guestWith(new Uint8Array(0), before.slice()).finish();
    const { kept, error } = await keptOf(bytes);
    assert(error instanceof KeptStreamError, String(error));
    assert.equal(error.keptIn, "memory");
    assert.equal(Buffer.compare(kept, bytes), 0, `${before.subarray(0, 20)}`);
  }
});

test("keepStream() keeps known pages along with unknown bytes", async () => {
  for (const count of [1, 2]) {
    const unknown = Buffer.concat(Array(count).fill(UNKNOWN_COMMAND));
    const guest = guestWith(unknown);
    const { kept, error } = await keptOf(guest.finish());
    assert(error instanceof KeptStreamError, String(error));
    // The items that a reader finds if it knows the command.
    const readable = Buffer.from(kept);
    for (let time = 0; time < count; time++) {
      const at = readable.indexOf(UNKNOWN_COMMAND);
      assert(at > 0);
      readable.set(KNOWN_COMMAND, at);
    }
    await checkMemory(new Uint8Array(readable), guest);
  }
});

test("keepStream() keeps an unknown record with its PART", async () => {
  const guest = guestWith(new Uint8Array(0));
  const bytes = guest.finish();
  // The first record of END continues "ram".
  const at = Buffer.from(bytes).indexOf(Uint8Array.of(0, 0, 0x60, 0x28));
  assert(at > 0);
  const strange = bytes.slice();
  strange[at + 2] |= 4;
  const { kept, error } = await keptOf(strange);
  assert(error instanceof KeptStreamError, String(error));
  const readable = Buffer.from(kept);
  const found = readable.indexOf(strange.subarray(at - 4, at + 40));
  assert(found > 0);
  readable[found + 4 + 2] &= ~4;
  await checkMemory(new Uint8Array(readable), guest);
});

test("keepStream() keeps a migration without a vmdesc, since some have none", async () => {
  const guest = guestWith(new Uint8Array(0));
  const whole = guest.finish();
  const vmdesc = Buffer.from(whole).indexOf('{"page_size"') - 5;
  const bytes = whole.slice(0, vmdesc);
  const { kept, error } = await keptOf(bytes);
  assert(error instanceof KeptStreamError, String(error));
  assert.match(error.message, /ended before the description.*exec:cat/);
  await checkMemory(kept, guest);
  assert.deepEqual(kept.subarray(-40), bytes.subarray(-40));
});

test("a damaged stream is received, kept or refused", async () => {
  const good = guestWith(KNOWN_COMMAND).finish();
  const random = randomNumbers(17);
  const count = { received: 0, kept: 0, refused: 0 };
  for (let time = 0; time < 300; time++) {
    const bytes = good.slice();
    const near = [200, 20_000, bytes.length][time % 3];
    bytes[random(near)] = random(256);
    const [out, kept] = [memorySink(), memorySink()];
    let error: unknown;
    await receiveMigration(channelOf(bytes, 1 + random(30_000)), out, {
      keepStream: () => kept,
    }).catch((it) => error = it);
    if (error === undefined) count.received++;
    else if (error instanceof KeptStreamError) count.kept++;
    else {
      assert(error instanceof RuleError, String(error));
      count.refused++;
    }
    assert.equal(out.bytes().length > 0, error === undefined);
    assert.equal(kept.bytes().length > 0, error instanceof KeptStreamError);
  }
  assert(count.received > 100 && count.kept > 30, JSON.stringify(count));
});

test("keepStream() keeps no truncated stream", async () => {
  const bytes = guestWith(UNKNOWN_COMMAND).finish();
  const random = randomNumbers(5);
  for (let time = 0; time < 60; time++) {
    const cut = time === 0 ? bytes.length - 1 : random(bytes.length);
    const { kept, error } = await keptOf(bytes.slice(0, cut));
    assert.equal(kept.length, 0, `cut at ${cut} of ${bytes.length}`);
    assert(!(error instanceof KeptStreamError));
  }
});

test("keepStream() keeps nothing that is not a migration, or whose sender waits", async () => {
  const wait = Uint8Array.of(8, 0, 1, 0, 0);
  const other = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n");
  for (const bytes of [other, guestWith(UNKNOWN_COMMAND, wait).finish()]) {
    const { kept, error } = await keptOf(bytes);
    assert.equal(kept.length, 0);
    assert(!(error instanceof KeptStreamError));
  }
});

test("keepStream() waits for disk space once everything has arrived", async () => {
  const bytes = guestWith(UNKNOWN_COMMAND).finish();
  const disk = new FullDisk();
  const errors: string[] = [];
  const channel = channelOf(bytes, bytes.length);
  disk.isFull = true;
  await assert.rejects(
    receiveMigration(channel, memorySink(), {
      keepStream: () => disk.sink,
      onRetry: ({ message }) => errors.push(message),
    }),
    KeptStreamError,
  );
  assert.deepEqual(errors, ["no space left", "no space left"]);
  assert.deepEqual(disk.sink.bytes(), (await keptOf(bytes)).kept);
});

test("an error reports both why a stream was refused and why it was not kept", async () => {
  const bytes = guestWith(UNKNOWN_COMMAND).finish();
  const full = memorySink();
  full.write = () => Promise.reject(new Error("no room"));
  const { error } = await keptOf(bytes, { keepStream: () => full });
  assert.match(String(error), /command 12.*stream cannot be kept: no room/);
});

async function checkMemory(
  bytes: Uint8Array,
  guest: SequentialGuest,
): Promise<void> {
  using stream = await openSequential(memorySource(bytes));
  for (const block of stream.blocks) {
    const found = new Uint8Array(block.usedLength);
    await block.readInto(found, 0);
    assert.equal(Buffer.compare(found, guest.memory[block.idstr]), 0);
  }
}
