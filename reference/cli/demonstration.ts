import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ByteSource,
  createFileSink,
  memorySource,
  openFileSource,
  openSnapshot,
  type ReadOptions,
  saveSnapshot,
  type SaveSummary,
  type Snapshot,
  verifySnapshot,
} from "../mod.ts";
import {
  type DemonstrationBlock,
  makeDemonstrationMemory,
  Random,
} from "./demonstration_memory.ts";
import { formatBytes, formatTable, formatTime } from "./format_bytes.ts";
import { print, printJson } from "./output.ts";
import { ProgressBar } from "./progress_bar.ts";
import { drawRamMap, ramMapLegend } from "./ram_map.ts";
import { paint } from "./terminal.ts";

const PAGES_COMPARED = 2000;

/** How the demonstration is shown. */
export interface DemonstrationOptions {
  /** Whether the file stays. */
  readonly keep: boolean;
  /** Whether to print JSON. */
  readonly json: boolean;
  /** Stops it. */
  readonly signal: AbortSignal;
}

/** Saves the memory of a small guest, opens it lazily, compares, and shows it. */
export async function demonstrate(
  { keep, json, signal }: DemonstrationOptions,
): Promise<number> {
  const memory = makeDemonstrationMemory();
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  const file = join(folder, "demonstration.mr");
  try {
    const saving = await timed(() => saveMemory(file, memory, signal));
    using source = openFileSource(file);
    const counting = new CountingSource(source);
    const opening = await timed(() => openSnapshot(counting));
    const opened = { reads: counting.reads, bytes: counting.bytes };
    const reading = await comparePages(opening.result, memory);
    const { good, findings } = await verifySnapshot(source);
    const equal = reading.equal === PAGES_COMPARED && good &&
      findings.length === 0;
    const stat = statSync(file);
    const facts = {
      file: keep ? file : undefined,
      blocks: saving.result.blocks,
      byteLength: stat.size,
      allocatedBytes: stat.blocks * 512,
      opened,
      pagesCompared: PAGES_COMPARED,
      pagesEqual: reading.equal,
      findings: findings.length,
      milliseconds: {
        save: saving.milliseconds,
        open: opening.milliseconds,
        read: reading.milliseconds,
      },
    };
    if (json) printJson(facts);
    else await show(facts, opening.result);
    return equal ? 0 : 1;
  } finally {
    if (!keep) rmSync(folder, { recursive: true, force: true });
  }
}

interface Facts {
  readonly file: string | undefined;
  readonly blocks: SaveSummary["blocks"];
  readonly byteLength: number;
  readonly allocatedBytes: number;
  readonly opened: { readonly reads: number; readonly bytes: number };
  readonly pagesCompared: number;
  readonly pagesEqual: number;
  readonly findings: number;
  readonly milliseconds: {
    readonly save: number;
    readonly open: number;
    readonly read: number;
  };
}

async function saveMemory(
  file: string,
  memory: readonly DemonstrationBlock[],
  signal: AbortSignal,
): Promise<SaveSummary> {
  using bar = new ProgressBar("Saving");
  return await saveSnapshot(
    createFileSink(file),
    memory.map(({ idstr, bytes }) => ({ idstr, source: memorySource(bytes) })),
    { machine: "none", signal, onProgress: bar.show },
  );
}

/** Reads pages anywhere: how many are what was saved, and how long reading took. */
async function comparePages(
  snapshot: Snapshot,
  memory: readonly DemonstrationBlock[],
): Promise<{ readonly equal: number; readonly milliseconds: number }> {
  const random = new Random(1);
  let equal = 0;
  let milliseconds = 0;
  for (let count = 0; count < PAGES_COMPARED; count++) {
    const { idstr, bytes } = memory[Math.floor(random.next() * memory.length)];
    const block = snapshot.block(idstr);
    const index = Math.floor(random.next() * block.pageCount);
    const started = performance.now();
    const page = await block.readPage(index);
    milliseconds += performance.now() - started;
    const start = index * block.pageSize;
    const saved = bytes.subarray(start, start + block.pageSize);
    if (Buffer.compare(page, saved) === 0) equal++;
  }
  return { equal, milliseconds };
}

async function show(facts: Facts, snapshot: Snapshot): Promise<void> {
  const { blocks, byteLength, allocatedBytes, opened, milliseconds } = facts;
  const total = snapshot.blocks.reduce((sum, it) => sum + it.usedLength, 0);
  print(paint("bold", "A small guest's RAM, saved as mapped-ram"));
  print("");
  const rows = blocks.map(({ idstr, pageCount, presentCount }, index) => [
    idstr,
    formatBytes(snapshot.blocks[index].usedLength),
    `${presentCount} of ${pageCount} pages stored`,
    `${pageCount - presentCount} zero pages left out`,
  ]);
  for (const line of formatTable(rows, [1, 2, 3])) print(`  ${line}`);
  print("");
  for (const block of snapshot.blocks) {
    print(`  ${paint("bold", block.idstr)}`);
    for (const line of await drawRamMap(block)) print(line);
  }
  print(paint("dim", ramMapLegend()));
  print("");
  const lines = [
    [
      "saved",
      `${formatBytes(total)} of RAM in ${formatTime(milliseconds.save)}: ` +
      `${formatBytes(byteLength)} long, ${formatBytes(allocatedBytes)} on disk`,
    ],
    [
      "opened",
      `in ${formatTime(milliseconds.open)} by ${opened.reads} reads of ` +
      `${formatBytes(opened.bytes)}, no page among them`,
    ],
    [
      "read",
      `${facts.pagesCompared} pages anywhere, ` +
      `${formatTime(milliseconds.read / facts.pagesCompared)} each, ` +
      (facts.pagesEqual === facts.pagesCompared
        ? "every byte as it was saved"
        : `${facts.pagesCompared - facts.pagesEqual} DIFFER`),
    ],
    [
      "verified",
      facts.findings === 0
        ? "every rule of SPEC.md kept"
        : `${facts.findings} rules broken`,
    ],
  ];
  for (const [what, text] of lines) {
    print(`  ${paint("green", what.padEnd(8))}  ${text}`);
  }
  print("");
  print(
    facts.file === undefined
      ? paint("dim", "  The file was temporary; --keep keeps it. Next: --help")
      : `  ${paint("cyan", facts.file)}`,
  );
}

/** A source that counts what is read of it. */
class CountingSource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  reads = 0;
  bytes = 0;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.name = source.name;
    this.byteLength = source.byteLength;
    this.#source = source;
  }

  readInto(
    target: Uint8Array,
    offset: number,
    options?: ReadOptions,
  ): Promise<void> {
    this.reads++;
    this.bytes += target.length;
    return this.#source.readInto(target, offset, options);
  }
}

async function timed<T>(
  body: () => Promise<T>,
): Promise<{ readonly result: T; readonly milliseconds: number }> {
  const started = performance.now();
  const result = await body();
  return { result, milliseconds: performance.now() - started };
}
