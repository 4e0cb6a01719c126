import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { convertSequential } from "../convert/mod.ts";
import { ConnectedPair } from "../qemu/testing/connected_pair.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { socketsHere } from "../sockets/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { randomSequential } from "../testing/random_sequential.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { SequentialGuest } from "../testing/sequential_guest.ts";
import { receiveMigration } from "./receive_migration.ts";
import type { ReceiveProgress } from "./receive_report.ts";

const PAGE = 4096;
const PATIENT = { timeout: 300_000 };

test(
  "receiveMigration() writes a migration received over a socket",
  PATIENT,
  async () => {
    const ways = [["unix"], ["tcp"], ["unix", socketsHere()]] as const;
    for (const [kind, sockets] of ways) {
      const { bytes } = randomSequential(randomNumbers(7), 600);
      const converted = memorySink();
      await convertSequential(memorySource(bytes), converted);
      using pair = await ConnectedPair.open(kind, sockets);
      using folder = new ScratchFolder();
      const reports: ReceiveProgress[] = [];
      const path = folder.file("vm.mr");
      const receiving = receiveMigration(pair.channel, createFileSink(path), {
        onProgress: (progress) => reports.push(progress),
      });
      for (let at = 0; at < bytes.length; at += 70_001) {
        pair.other.write(bytes.subarray(at, at + 70_001));
      }
      pair.other.end();
      const summary = await receiving;
      assert.equal(summary.bytesReceived, bytes.length);
      assert.equal(summary.machine, "none");
      assert(summary.rounds > 100);
      assert.deepEqual(folder.names(), ["vm.mr"]);
      const found = readFileSync(path);
      assert.equal(Buffer.compare(found, converted.bytes()), 0);
      const last = reports.at(-1);
      assert.equal(last?.bytesReceived, bytes.length);
      assert(last && last.done <= last.total && last.pagesAgain > 100);
    }
  },
);

test(
  "receiveMigration() keeps the old file if the connection ends early anywhere",
  PATIENT,
  async () => {
    const { bytes } = randomSequential(randomNumbers(8), 60);
    const random = randomNumbers(9);
    using folder = new ScratchFolder();
    const path = folder.file("vm.mr");
    const old = createFileSink(path);
    await old.write(new TextEncoder().encode("precious"), 0);
    await old.commit();
    for (let time = 0; time < 40; time++) {
      using pair = await ConnectedPair.open();
      const sink = createFileSink(path, { force: true });
      const receiving = receiveMigration(pair.channel, sink);
      const cut = time === 0 ? bytes.length - 1 : random(bytes.length);
      const rejected = assert.rejects(
        receiving,
        /^(SourceError|FormatError|UnsupportedError): Cannot /,
      );
      pair.other.write(bytes.subarray(0, cut), () => pair.other.destroy());
      await rejected;
      assert.deepEqual(folder.names(), ["vm.mr"]);
    }
    assert.equal(readFileSync(path, "utf8"), "precious");
  },
);

test(
  "receiveMigration() answers a sender that waits, once everything is safe",
  PATIENT,
  async () => {
    const open = [8, 0, 1, 0, 0];
    const ping = [8, 0, 2, 0, 4, 1, 2, 3, 4];
    const before = Uint8Array.from([...open, ...ping]);
    const guest = new SequentialGuest({ ram: 4 }, { before });
    guest.part(() => guest.page("ram", 1, new Uint8Array(PAGE).fill(3)), 3);
    using pair = await ConnectedPair.open();
    using folder = new ScratchFolder();
    const answers: number[] = [];
    const shut = new Promise<readonly string[]>((resolve) => {
      pair.other.on("data", (data: Uint8Array) => {
        answers.push(...data);
        if (answers.length >= 16) resolve(folder.names());
      });
    });
    const receiving = receiveMigration(
      pair.channel,
      createFileSink(folder.file("vm.mr")),
    );
    // The sender waits with the connection open.
    pair.other.write(guest.finish());
    await receiving;
    assert.deepEqual(await shut, ["vm.mr"]);
    const pong = [0, 2, 0, 4, 1, 2, 3, 4];
    assert.deepEqual(answers, [...pong, 0, 1, 0, 4, 0, 0, 0, 0]);
  },
);

test(
  "receiveMigration() is aborted before its file appears, or not at all",
  PATIENT,
  async () => {
    const before = Uint8Array.from([8, 0, 1, 0, 0]);
    const guest = new SequentialGuest({ ram: 4 }, { before });
    guest.part(() => guest.page("ram", 1, new Uint8Array(PAGE).fill(3)), 3);
    const bytes = guest.finish();
    for (const step of ["flush", "commit"] as const) {
      using pair = await ConnectedPair.open();
      const controller = new AbortController();
      const sink = memorySink();
      const work = sink[step].bind(sink);
      sink[step] = async () => {
        controller.abort(new Error("stopped"));
        // The channel would be closed now.
        await new Promise((resolve) => setTimeout(resolve, 20));
        await work();
      };
      const answers: number[] = [];
      const ended = new Promise<void>((resolve) => {
        pair.other.on("data", (data: Uint8Array) => answers.push(...data));
        pair.other.on("end", () => resolve());
      });
      const { signal } = controller;
      const receiving = receiveMigration(pair.channel, sink, { signal });
      pair.other.write(bytes);
      const isCommitted = step === "commit";
      if (isCommitted) await receiving;
      else await assert.rejects(receiving, /^Error: stopped$/);
      await ended;
      assert.deepEqual(answers, isCommitted ? [0, 1, 0, 4, 0, 0, 0, 0] : []);
      assert.equal(sink.bytes().length > 0, isCommitted);
    }
  },
);

test(
  "receiveMigration() reports a failure to a sender that waits",
  PATIENT,
  async () => {
    const before = Uint8Array.from([8, 0, 1, 0, 0]);
    const guest = new SequentialGuest({ ram: 1 }, { before });
    guest.part(() => guest.raw(new Uint8Array(400)));
    using pair = await ConnectedPair.open();
    const answer = new Promise<number[]>((resolve) => {
      pair.other.once("data", (data: Uint8Array) => resolve([...data]));
    });
    const sink = memorySink();
    const receiving = receiveMigration(pair.channel, sink);
    // The head comes first: it announces that the sender reads answers.
    pair.other.write(guest.bytes().subarray(0, 60));
    const rejected = assert.rejects(receiving, /\(record-flags\)$/);
    setTimeout(() => pair.other.write(guest.bytes().subarray(60)), 20);
    await rejected;
    assert.deepEqual(await answer, [0, 1, 0, 4, 0, 0, 0, 1]);
    assert.equal(sink.bytes().length, 0);
  },
);

test(
  "receiveMigration() accepts a stream without a vmdesc if allowed",
  PATIENT,
  async () => {
    const guest = new SequentialGuest({ ram: 1 });
    guest.part(() => guest.page("ram", 0, new Uint8Array(PAGE).fill(1)), 3);
    const bytes = Uint8Array.from([...guest.bytes(), 0]);
    for (const withoutVmdesc of [false, true]) {
      using pair = await ConnectedPair.open();
      const sink = memorySink();
      const receiving = receiveMigration(pair.channel, sink, { withoutVmdesc });
      pair.other.end(bytes);
      if (withoutVmdesc) {
        assert.equal((await receiving).blocks[0]?.presentCount, 1);
      } else {
        await assert.rejects(receiving, /ended before the description of/);
      }
    }
  },
);

test("receiveMigration() stops when aborted", PATIENT, async () => {
  const { bytes } = randomSequential(randomNumbers(8), 60);
  using pair = await ConnectedPair.open();
  using folder = new ScratchFolder();
  const controller = new AbortController();
  const sink = createFileSink(folder.file("vm.mr"));
  const { signal } = controller;
  const receiving = receiveMigration(pair.channel, sink, { signal });
  pair.other.write(bytes.subarray(0, bytes.length / 2));
  setTimeout(() => controller.abort(new Error("enough")), 20);
  await assert.rejects(receiving, /^Error: enough$/);
  assert.deepEqual(folder.names(), []);
});
