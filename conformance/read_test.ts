/**
 * Every vector through every kind of source, waiting and at once. A folder below
 * `vectors/` is all it takes to add one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  blobSource,
  type ByteSource,
  FormatError,
  memorySource,
  openFileSource,
  openSnapshot,
  openSnapshotSync,
  type PageRun,
  type RAMBlock,
  RuleError,
  RULES,
  type Snapshot,
  type SyncByteSource,
  type SyncRAMBlock,
  type SyncSnapshot,
  UnsupportedError,
  verifySnapshot,
} from "../mod.ts";

interface ExpectedBlock {
  readonly idstr: string;
  readonly usedLength: number;
  readonly pageSize: number;
  readonly bitmapOffset: number;
  readonly pagesOffset: number;
  readonly ignored?: true;
  readonly presentRuns: readonly (readonly [number, number])[];
  readonly sha256: string | null;
}

interface Expected {
  readonly options?: {
    readonly offset?: number;
    readonly bitmapByteOrder?: "big";
    readonly bitmapWordSize?: 4;
  };
  readonly machine: string;
  readonly capabilities: readonly string[];
  readonly blocks: readonly ExpectedBlock[];
  readonly findings: readonly string[];
  readonly error?: {
    readonly kind: "format" | "unsupported";
    readonly rule: string;
    readonly offset: number;
  };
}

const VECTORS = new URL("vectors/", import.meta.url);

for (const entry of readdirSync(VECTORS, { recursive: true }).toSorted()) {
  const path = String(entry).replaceAll("\\", "/");
  if (!path.endsWith("/expected.json")) continue;
  const vector = path.slice(0, -"/expected.json".length);
  test(
    `openSnapshot() finds in vectors/${vector} what expected.json says`,
    { timeout: 60_000 },
    () => checkVector(new URL(`${vector}/`, VECTORS)),
  );
}

async function checkVector(folder: URL): Promise<void> {
  const expected: Expected = JSON.parse(
    readFileSync(new URL("expected.json", folder), "utf8"),
  );
  const bytes = gunzipSync(readFileSync(new URL("snapshot.gz", folder)));
  const scratch = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  try {
    const path = join(scratch, "snapshot");
    writeFileSync(path, bytes);
    using file = openFileSource(path);
    const memory = memorySource(bytes);
    for (const source of [file, blobSource(new Blob([bytes])), memory]) {
      await checkOpening(source, expected);
      await checkFindings(source, expected);
    }
    for (const source of [file, memory]) checkOpeningSync(source, expected);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function checkOpening(
  source: ByteSource,
  expected: Expected,
): Promise<void> {
  if (expected.error !== undefined) {
    const error = await openSnapshot(source, expected.options)
      .then(() => undefined, (error: unknown) => error);
    return checkError(error, source, expected.error);
  }
  const snapshot = await openSnapshot(source, expected.options);
  checkTable(snapshot, expected);
  for (const [index, block] of snapshot.blocks.entries()) {
    const runs: PageRun[] = [];
    for await (const run of block.presentRuns()) runs.push(run);
    checkRuns(runs, expected.blocks[index]);
    if (!block.ignored) {
      await checkMemory(block, expected.blocks[index]);
    } else {
      await assert.rejects(block.readPage(0), UnsupportedError);
    }
  }
}

function checkOpeningSync(source: SyncByteSource, expected: Expected): void {
  let snapshot: SyncSnapshot;
  try {
    snapshot = openSnapshotSync(source, expected.options);
  } catch (error) {
    return checkError(error, source, expected.error);
  }
  assert.equal(expected.error, undefined);
  checkTable(snapshot, expected);
  for (const [index, block] of snapshot.blocks.entries()) {
    checkRuns([...block.presentRunsSync()], expected.blocks[index]);
    if (!block.ignored) checkMemorySync(block, expected.blocks[index]);
    else assert.throws(() => block.readPageSync(0), UnsupportedError);
  }
}

function checkError(
  error: unknown,
  source: ByteSource,
  expected: Expected["error"],
): void {
  assert(error instanceof RuleError, String(error));
  const kind = error instanceof UnsupportedError ? "unsupported" : "format";
  assert.equal(error instanceof FormatError, kind === "format");
  const { rule, offset } = error;
  assert.deepEqual({ kind, rule, offset }, expected, error.message);
  assert.equal(error.file, source.name);
  assert.doesNotMatch(error.message, /\n/);
}

function checkTable(snapshot: Snapshot, expected: Expected): void {
  assert.equal(snapshot.machine, expected.machine);
  assert.deepEqual(snapshot.capabilities, expected.capabilities);
  assert.deepEqual(
    snapshot.blocks.map((block) => ({
      idstr: block.idstr,
      usedLength: block.usedLength,
      pageSize: block.pageSize,
      bitmapOffset: block.bitmapOffset,
      pagesOffset: block.pagesOffset,
      ignored: block.ignored,
    })),
    expected.blocks.map(({ presentRuns: _, sha256: __, ...block }) => ({
      ignored: false,
      ...block,
    })),
  );
}

function checkRuns(
  runs: readonly PageRun[],
  { presentRuns }: ExpectedBlock,
): void {
  assert.deepEqual(runs.map(({ first, end }) => [first, end]), presentRuns);
}

/** By range and page by page, each into memory that is dirty before. */
async function checkMemory(
  block: RAMBlock,
  expected: ExpectedBlock,
): Promise<void> {
  const byRange = new Uint8Array(block.usedLength).fill(0xa5);
  await block.readInto(byRange, 0);
  assert.equal(sha256(byRange), expected.sha256);
  const byPage = new Uint8Array(block.usedLength).fill(0x5a);
  for (let page = 0; page < block.pageCount; page++) {
    const start = page * block.pageSize;
    const target = byPage.subarray(start, start + block.pageSize);
    await block.readPageInto(target, page);
  }
  assert.equal(Buffer.compare(byPage, byRange), 0, "page by page");
}

/** As {@linkcode checkMemory}, at once. */
function checkMemorySync(block: SyncRAMBlock, expected: ExpectedBlock): void {
  const byRange = new Uint8Array(block.usedLength).fill(0xa5);
  block.readIntoSync(byRange, 0);
  assert.equal(sha256(byRange), expected.sha256);
  const byPage = new Uint8Array(block.usedLength).fill(0x5a);
  for (let page = 0; page < block.pageCount; page++) {
    const start = page * block.pageSize;
    const target = byPage.subarray(start, start + block.pageSize);
    block.readPageIntoSync(target, page);
  }
  assert.equal(Buffer.compare(byPage, byRange), 0, "page by page");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function checkFindings(
  source: ByteSource,
  expected: Expected,
): Promise<void> {
  const report = await verifySnapshot(source, expected.options);
  const rules = report.findings.map(({ rule }) => rule);
  if (expected.error === undefined) {
    assert.deepEqual([...new Set(rules)].toSorted(), expected.findings);
    assert.equal(report.good, !isRefused(report.findings));
  } else {
    assert(rules.includes(expected.error.rule as typeof rules[number]));
    assert.equal(report.good, false);
  }
}

/** Whether a finding is one that a reader is to refuse the file for. */
function isRefused(findings: readonly RuleError[]): boolean {
  return findings.some(({ rule }) => RULES[rule].kind === "refuse");
}
