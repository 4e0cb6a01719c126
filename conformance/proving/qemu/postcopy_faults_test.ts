import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  type ByteSource,
  type FileSource,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
  SourceError,
} from "../../../mod.ts";
import type { RunningQemu } from "../../../reference/doors/qemu.ts";
import { checkCounts, savedCounter, saveRunning } from "./counting_guest.ts";
import { resumeByPostcopy, resumingQemu } from "./postcopy_guest.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { refusalWords } from "./qemu_words.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const MACHINE = ["-M", "pc,acpi=off", "-m", "4M"];

/** The setup of a test: a saved guest, and a QEMU that waits for it. */
interface Setup {
  readonly scratch: ScratchDirectory;
  readonly file: FileSource;
  readonly qemu: RunningQemu;
}

function faultTest(name: string, body: (setup: Setup) => Promise<void>): void {
  qemuTest(name, "x86_64", async (scratch) => {
    await saveRunning(MACHINE, scratch);
    using file = openFileSource(scratch.file("saved"));
    await using qemu = await resumingQemu(MACHINE, scratch);
    await body({ scratch, file, qemu });
  });
}

/** Waits until the migration has a status. */
async function untilStatus(
  { qmp }: Setup["qemu"],
  expected: string,
): Promise<void> {
  for (;;) {
    const { status } = await qmp.execute("query-migrate") as { status: string };
    if (status === expected) return;
    assert.match(status, /^(setup|active|device|postcopy-\w+)$/);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

faultTest(
  "a guest waits for pages that cannot be read, and continues when they can",
  async ({ scratch, file, qemu }) => {
    const broken = new BreakableSource(file);
    const snapshot = await openSnapshot(broken);
    const { ramSetup } = snapshot.index;
    [broken.from, broken.end] = [
      snapshot.block("pc.ram").pagesOffset,
      ramSetup.offset + ramSetup.length,
    ];
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

faultTest(
  "a guest whose pages cannot be read for a long time waits, and sees no zeros",
  async ({ scratch, file, qemu }) => {
    const broken = new BreakableSource(file);
    const snapshot = await openSnapshot(broken);
    const { served } = await resumeByPostcopy(qemu, snapshot, {
      retryFor: 300,
      push: false,
      onLoaded: () => [broken.from, broken.end] = [0, Infinity],
    });
    await assert.rejects(served, /^SourceError: Cannot read .*: it is broken$/);
    await untilStatus(qemu, "postcopy-paused");
    assert.equal(readFileSync(scratch.file("after")).length, 0);
  },
);

faultTest(
  "serve() rejects when QEMU exits during postcopy",
  async ({ file, qemu }) => {
    const snapshot = openSnapshotSync(file);
    const { guest, served } = await resumeByPostcopy(qemu, snapshot, {
      push: false,
    });
    await guest;
    await qemu[Symbol.asyncDispose]();
    await assert.rejects(
      served,
      /Cannot continue serving unix:.*: QEMU closed the connection after \d+ pages/,
    );
  },
);

faultTest(
  "serve() rejects when it is aborted, and the guest waits",
  async ({ file, qemu }) => {
    const abort = new AbortController();
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

faultTest(
  "a destination without postcopy-ram refuses, and says why",
  async ({ file, qemu }) => {
    const { guest, served } = await resumeByPostcopy(
      qemu,
      openSnapshotSync(file),
      { isEnabled: false },
    );
    assert.match(await refusalWords(qemu, guest), /RAM postcopy is disabled/);
    await assert.rejects(served, SourceError);
  },
);

/** A source whose bytes between two positions temporarily cannot be read. */
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
