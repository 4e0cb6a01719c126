import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { ConnectedPair } from "../qemu/testing/connected_pair.ts";
import { openSnapshot } from "../reading/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { SequentialGuest } from "../testing/sequential_guest.ts";
import { receiveMigration } from "./receive_migration.ts";

const PAGE = 4096;
const PATIENT = { timeout: 30_000 };

/**
 * Sends a complete migration once its file is started; `between` runs before
 * its end.
 */
async function receiveAnd(
  path: string,
  between: () => void,
  signal?: AbortSignal,
): Promise<unknown> {
  const guest = new SequentialGuest({ ram: 4 });
  guest.part(() => guest.page("ram", 2, new Uint8Array(PAGE).fill(7)), 3);
  const bytes = guest.finish();
  using pair = await ConnectedPair.open();
  const sink = createFileSink(path);
  const receiving = receiveMigration(pair.channel, sink, { signal });
  const settled = receiving.catch((error: unknown) => error);
  pair.other.write(bytes);
  await new Promise((resolve) => setTimeout(resolve, 50));
  between();
  pair.other.end();
  return await settled;
}

test(
  "receiveMigration() keeps a guest whose name was taken meanwhile",
  PATIENT,
  async () => {
    using folder = new ScratchFolder();
    const path = folder.file("vm.mr");
    const taken = [path, `${path}.1`];
    const error = await receiveAnd(path, () => {
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
  "receiveMigration() finishes a guest that was given away, told to stop or not",
  PATIENT,
  async () => {
    using folder = new ScratchFolder();
    const path = folder.file("vm.mr");
    const controller = new AbortController();
    const { signal } = controller;
    const summary = await receiveAnd(path, () => controller.abort(), signal);
    assert(!(summary instanceof Error), String(summary));
    assert.deepEqual(folder.names(), ["vm.mr"]);
  },
);

test(
  "receiveMigration() keeps nothing of a guest that its sender still has",
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
