import { Buffer } from "node:buffer";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { openFileSource } from "../../local/mod.ts";
import {
  openSnapshot,
  type Snapshot,
  verifySnapshot,
} from "../../reading/mod.ts";
import { saveSnapshot, type SaveSummary } from "../../saving/mod.ts";
import { makeTemporaryFolder } from "../../scratch/mod.ts";
import { createFileSink } from "../../sinks/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { drawRamMap } from "../info/ram_map.ts";
import { allocatedBytes } from "../output/file_stat.ts";
import { print, printJson } from "../output/output.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { CountingSource } from "./counting_source.ts";
import {
  type DemonstrationBlock,
  makeDemonstrationMemory,
  Random,
} from "./demonstration_memory.ts";
import {
  type DemonstrationFacts,
  showDemonstration,
} from "./demonstration_report.ts";

const PAGES_COMPARED = 2000;

/** Options of the demonstration. */
export interface DemonstrationOptions {
  /** Whether to keep the file. */
  readonly keep: boolean;
  /** Whether to print JSON. */
  readonly json: boolean;
  /** Stops the demonstration. */
  readonly signal: AbortSignal;
}

/**
 * Saves the memory of a small guest, opens the file lazily, compares both, and
 * prints the results. Returns the exit code.
 */
export async function demonstrate(
  { keep, json, signal }: DemonstrationOptions,
): Promise<number> {
  const folder = makeTemporaryFolder({ keep });
  const file = join(folder, "demonstration.mr");
  let done = false;
  try {
    const { facts, map } = await saveAndRead(file, signal);
    const { pagesCompared, pagesEqual, findings } = facts;
    done = true;
    const shown = { ...facts, file: keep ? file : undefined };
    if (json) printJson(shown);
    else for (const line of showDemonstration(shown, map)) print(line);
    return pagesEqual === pagesCompared && findings === 0 ? 0 : 1;
  } finally {
    if (!keep || !done) rmSync(folder, { recursive: true, force: true });
  }
}

async function saveAndRead(file: string, signal: AbortSignal): Promise<{
  readonly facts: Omit<DemonstrationFacts, "file">;
  readonly map: readonly string[];
}> {
  const memory = makeDemonstrationMemory();
  const started = performance.now();
  const saving = await timed(() => saveMemory(file, memory, signal));
  using source = openFileSource(file);
  const counting = new CountingSource(source);
  const opening = await timed(() => openSnapshot(counting, { signal }));
  const opened = { reads: counting.reads, bytes: counting.bytes };
  const snapshot = opening.result;
  const reading = await comparePages(snapshot, memory);
  const verifying = await timed(() =>
    verifySnapshot(source, { pages: true, signal })
  );
  const { findings, presentPages = 0 } = verifying.result;
  const facts = {
    blocks: saving.result.blocks,
    pageSize: snapshot.blocks[0].pageSize,
    byteLength: statSync(file).size,
    allocatedBytes: allocatedBytes(file),
    opened,
    pagesCompared: PAGES_COMPARED,
    pagesEqual: reading.equal,
    pagesZero: reading.zero,
    pagesVerified: presentPages,
    findings: findings.length,
    milliseconds: {
      save: saving.milliseconds,
      open: opening.milliseconds,
      read: reading.milliseconds,
      verify: verifying.milliseconds,
      total: performance.now() - started,
    },
  };
  return { facts, map: await drawRamMap(snapshot.blocks, signal) };
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

/** Reads random pages and compares them with the memory that was saved. */
async function comparePages(
  snapshot: Snapshot,
  memory: readonly DemonstrationBlock[],
): Promise<{ equal: number; zero: number; milliseconds: number }> {
  const random = new Random(1);
  const total = memory.reduce((sum, it) => sum + it.bytes.length, 0);
  const page = new Uint8Array(snapshot.blocks[0].pageSize);
  let equal = 0;
  let zero = 0;
  let milliseconds = 0;
  for (let count = 0; count < PAGES_COMPARED; count++) {
    let at = Math.floor(random.next() * total / page.length) * page.length;
    const saved = memory.find(({ bytes }) => {
      if (at < bytes.length) return true;
      at -= bytes.length;
      return false;
    });
    if (saved === undefined) continue;
    const block = snapshot.block(saved.idstr);
    const started = performance.now();
    const present = await block.readPageInto(page, at / page.length);
    milliseconds += performance.now() - started;
    if (!present) zero++;
    const expected = saved.bytes.subarray(at, at + page.length);
    if (Buffer.compare(page, expected) === 0) equal++;
  }
  return { equal, zero, milliseconds };
}

async function timed<T>(
  body: () => Promise<T>,
): Promise<{ readonly result: T; readonly milliseconds: number }> {
  const started = performance.now();
  const result = await body();
  return { result, milliseconds: performance.now() - started };
}
