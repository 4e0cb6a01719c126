import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  type ByteSource,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
  SourceError,
} from "../../mod.ts";
import { checkCounts, savedCounter, saveRunning } from "./counting_guest.ts";
import { resumeByPostcopy, resumingQemu } from "./postcopy_guest.ts";
import { qemuTest } from "./qemu_test_case.ts";

const MACHINE = ["-M", "pc,acpi=off", "-m", "4M"];

qemuTest(
  "a guest waits for pages that cannot be read, and goes on when they can",
  "x86_64",
  async (scratch) => {
    await saveRunning(MACHINE, scratch);
    using file = openFileSource(scratch.file("saved"));
    const broken = new BreakableSource(file);
    const snapshot = await openSnapshot(broken);
    const { ramSetup } = snapshot.index;
    [broken.from, broken.end] = [
      snapshot.block("pc.ram").pagesOffset,
      ramSetup.offset + ramSetup.length,
    ];
    await using qemu = await resumingQemu(MACHINE, scratch);
    const { guest, served, completed, source } = await resumeByPostcopy(
      qemu,
      snapshot,
      {
        onRetry: () => {
          if (source.statistics.retries > 3) broken.from = Infinity;
        },
      },
    );
    await guest;
    await served;
    await completed;
    assert(source.statistics.retries > 3);
    await checkCounts(qemu, savedCounter(scratch), scratch);
  },
);

qemuTest(
  "a guest whose pages cannot be read for long waits, and sees no zeros",
  "x86_64",
  async (scratch) => {
    await saveRunning(MACHINE, scratch);
    using file = openFileSource(scratch.file("saved"));
    const broken = new BreakableSource(file);
    const snapshot = await openSnapshot(broken);
    await using qemu = await resumingQemu(MACHINE, scratch);
    const { served } = await resumeByPostcopy(qemu, snapshot, {
      retryFor: 300,
      push: false,
      onLoaded: () => [broken.from, broken.end] = [0, Infinity],
    });
    await assert.rejects(served, /^SourceError: Cannot read .*: it is broken$/);
    const { status } = await qemu.qmp.execute("query-migrate") as {
      status: string;
    };
    assert.equal(status, "postcopy-paused");
    assert.equal(readFileSync(scratch.file("after")).length, 0);
  },
);

qemuTest(
  "serve() rejects when QEMU goes away in the midst",
  "x86_64",
  async (scratch) => {
    await saveRunning(MACHINE, scratch);
    using file = openFileSource(scratch.file("saved"));
    const snapshot = openSnapshotSync(file);
    const qemu = await resumingQemu(MACHINE, scratch);
    const { guest, served } = await resumeByPostcopy(qemu, snapshot, {
      push: false,
    });
    await guest;
    await qemu[Symbol.asyncDispose]();
    await assert.rejects(
      served,
      /Cannot go on serving unix:.*: QEMU closed the connection after \d+ pages/,
    );
  },
);

qemuTest(
  "serve() rejects when it is aborted, and the guest waits",
  "x86_64",
  async (scratch) => {
    await saveRunning(MACHINE, scratch);
    using file = openFileSource(scratch.file("saved"));
    const abort = new AbortController();
    await using qemu = await resumingQemu(MACHINE, scratch);
    const { guest, served } = await resumeByPostcopy(
      qemu,
      openSnapshotSync(file),
      { push: false, signal: abort.signal },
    );
    await guest;
    abort.abort(new Error("enough"));
    await assert.rejects(served, /enough/);
  },
);

qemuTest(
  "a destination without postcopy-ram refuses, and says why",
  "x86_64",
  async (scratch) => {
    await saveRunning(MACHINE, scratch);
    using file = openFileSource(scratch.file("saved"));
    await using qemu = await resumingQemu(MACHINE, scratch);
    const { guest, served } = await resumeByPostcopy(
      qemu,
      openSnapshotSync(file),
      { capabilities: [] },
    );
    await assert.rejects(guest, SourceError);
    await assert.rejects(served, SourceError);
    await qemu[Symbol.asyncDispose]();
    assert.match(qemu.stderr, /RAM postcopy is disabled/);
  },
);

/** A source in which nothing between two positions can be read for a while. */
class BreakableSource implements ByteSource {
  from = Infinity;
  end = Infinity;
  readonly name: string;
  readonly byteLength: number;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
    this.name = source.name;
    this.byteLength = source.byteLength;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    if (offset >= this.from && offset < this.end) {
      const message = `Cannot read ${JSON.stringify(this.name)}: it is broken`;
      throw new SourceError(this.name, message);
    }
    await this.#source.readInto(target, offset);
  }
}
