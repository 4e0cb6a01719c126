import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { ConnectedPair } from "../qemu/testing/connected_pair.ts";
import { openSnapshot } from "../reading/mod.ts";
import { type ByteSink, createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { FullDisk } from "../testing/full_disk.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { SequentialGuest } from "../testing/sequential_guest.ts";
import { receiveMigration, type ReceiveOptions } from "./receive_migration.ts";

const PAGE = 4096;
const PATIENT = { timeout: 300_000 };

/**
 * Sends a complete migration; `between` runs after all of it has been received
 * and before its end is detected.
 */
async function receiveAnd(
  sink: ByteSink,
  between: () => void,
  options: ReceiveOptions = {},
): Promise<unknown> {
  const guest = new SequentialGuest({ ram: 4 });
  guest.part(() => guest.page("ram", 2, new Uint8Array(PAGE).fill(7)), 3);
  const bytes = guest.finish();
  using pair = await ConnectedPair.open();
  const { channel, other } = pair;
  let length = 0;
  other.write(bytes);
  return await receiveMigration(
    {
      name: channel.name,
      write: (bytes) => channel.write(bytes),
      close: () => channel.close(),
      async read() {
        if (length === bytes.length) {
          between();
          other.end();
        }
        const chunk = await channel.read();
        length += chunk?.length ?? 0;
        return chunk;
      },
    },
    sink,
    options,
  ).catch((error: unknown) => error);
}

test(
  "receiveMigration() keeps a guest under another name if the file exists by now",
  PATIENT,
  async () => {
    using folder = new ScratchFolder();
    const path = folder.file("vm.mr");
    const taken = [path, `${path}.1`];
    const error = await receiveAnd(createFileSink(path), () => {
      for (const it of taken) writeFileSync(it, "another's");
    });
    assert.match(
      String(error),
      /^SourceError: .*; the migration is complete, and /,
    );
    assert(String(error).endsWith(JSON.stringify(`${path}.2`)));
    assert.deepEqual(folder.names(), ["vm.mr", "vm.mr.1", "vm.mr.2"]);
    for (const it of taken) assert.equal(readFileSync(it, "utf8"), "another's");
    const kept = await openSnapshot(memorySource(readFileSync(`${path}.2`)));
    assert.equal((await kept.block("ram").readPage(2))[0], 7);
  },
);

test(
  "receiveMigration() ignores an abort once the sender has given up the guest",
  PATIENT,
  async () => {
    using folder = new ScratchFolder();
    const path = folder.file("vm.mr");
    const controller = new AbortController();
    const { signal } = controller;
    const abort = () => controller.abort();
    const summary = await receiveAnd(createFileSink(path), abort, { signal });
    assert(!(summary instanceof Error), String(summary));
    assert.deepEqual(folder.names(), ["vm.mr"]);
  },
);

test(
  "receiveMigration() reads what was sent before it was aborted",
  PATIENT,
  async () => {
    using folder = new ScratchFolder();
    const path = folder.file("vm.mr");
    const guest = new SequentialGuest({ ram: 4 });
    guest.part(() => guest.page("ram", 2, new Uint8Array(PAGE).fill(7)), 3);
    const bytes = guest.finish();
    using pair = await ConnectedPair.open();
    const { channel, other } = pair;
    other.end(bytes);
    const controller = new AbortController();
    const { signal } = controller;
    await receiveMigration(
      {
        name: channel.name,
        write: (bytes) => channel.write(bytes),
        close: () => channel.close(),
        async read() {
          controller.abort(); // Nothing is read yet, but all is sent.
          return await channel.read();
        },
      },
      createFileSink(path),
      { signal },
    );
    const kept = await openSnapshot(memorySource(readFileSync(path)));
    assert.equal((await kept.block("ram").readPage(2))[0], 7);
  },
);

test(
  "receiveMigration() can be aborted though its sender never stops",
  PATIENT,
  async () => {
    const guest = new SequentialGuest({ ram: 4 });
    guest.part(() => guest.page("ram", 2, new Uint8Array(PAGE).fill(7)));
    const start = guest.bytes();
    const more = new SequentialGuest({ ram: 4 });
    const head = more.bytes().length;
    more.part(() => more.page("ram", 2, new Uint8Array(PAGE).fill(8)));
    const part = more.bytes().slice(head);
    let isClosed = false;
    let reads = 0;
    const controller = new AbortController();
    const { signal } = controller;
    const sink = memorySink();
    const receiving = receiveMigration(
      {
        name: "unix:/vm",
        async write() {},
        close: () => void (isClosed = true),
        async read() {
          await new Promise((resolve) => setTimeout(resolve));
          if (reads === 10) controller.abort(new Error("enough"));
          if (isClosed) return undefined;
          return reads++ === 0 ? start.slice() : part.slice();
        },
      },
      sink,
      { signal },
    );
    await assert.rejects(receiving, /^Error: enough$/);
    assert.equal(sink.bytes().length, 0);
  },
);

test(
  "receiveMigration() waits for disk space once the sender has given up the guest",
  PATIENT,
  async () => {
    const disk = new FullDisk();
    const errors: unknown[] = [];
    const summary = await receiveAnd(disk.sink, () => disk.isFull = true, {
      onRetry: (error) => errors.push(error.message),
    });
    assert(!(summary instanceof Error), String(summary));
    assert.deepEqual(errors, ["no space left", "no space left"]);
    const kept = await openSnapshot(memorySource(disk.sink.bytes()));
    assert.equal((await kept.block("ram").readPage(2))[0], 7);
  },
);

test(
  "receiveMigration() waits for disk space before everything has arrived, too",
  PATIENT,
  async () => {
    const disk = new FullDisk();
    disk.isFull = true;
    const summary = await receiveAnd(disk.sink, () => {});
    assert(!(summary instanceof Error), String(summary));
    const kept = await openSnapshot(memorySource(disk.sink.bytes()));
    assert.equal((await kept.block("ram").readPage(2))[0], 7);
  },
);

test(
  "receiveMigration() stops waiting for disk space when aborted",
  PATIENT,
  async () => {
    const disk = new FullDisk();
    disk.freed = Infinity;
    const controller = new AbortController();
    const error = await receiveAnd(disk.sink, () => disk.isFull = true, {
      signal: controller.signal,
      onRetry: () => controller.abort(),
    });
    assert.match(String(error), /^SourceError: no space left$/);
    assert.equal(disk.sink.bytes().length, 0);
  },
);

test(
  "receiveMigration() keeps nothing of a guest that the sender still has",
  PATIENT,
  async () => {
    using folder = new ScratchFolder();
    const path = folder.file("vm.mr");
    const before = Uint8Array.from([8, 0, 1, 0, 0]);
    const guest = new SequentialGuest({ ram: 1 }, { before });
    guest.part(() => guest.page("ram", 0, new Uint8Array(PAGE)), 3);
    using pair = await ConnectedPair.open();
    const sink = createFileSink(path);
    writeFileSync(path, "another's");
    const receiving = receiveMigration(pair.channel, sink);
    pair.other.write(guest.finish());
    await assert.rejects(receiving, /exists$/);
    assert.deepEqual(folder.names(), ["vm.mr"]);
  },
);
