/**
 * Reads every vector from every kind of source, asynchronously and
 * synchronously. A new vector only needs a folder below `vectors/`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
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
} from "../../mod.ts";
import {
  type Expected,
  type ExpectedBlock,
  listVectors,
  type Vector,
} from "../vectors/list_vectors.ts";

for (const vector of listVectors()) {
  test(
    `openSnapshot() reads vectors/${vector.path} as expected`,
    { timeout: 300_000 },
    () => checkVector(vector),
  );
}

async function checkVector({ expected, unpack }: Vector): Promise<void> {
  const bytes = unpack();
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
  for (const [block, expectedBlock] of checkTable(snapshot, expected)) {
    if (block.ignored) {
      // An empty list of runs would mean that all its pages are zero.
      checkRuns([], expectedBlock);
      await assert.rejects(
        Array.fromAsync(block.presentRuns()),
        UnsupportedError,
      );
      await assert.rejects(block.presentPages(), UnsupportedError);
      await assert.rejects(block.readPage(0), UnsupportedError);
      continue;
    }
    checkRuns(await Array.fromAsync(block.presentRuns()), expectedBlock);
    await checkMemory(block, expectedBlock);
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
  for (const [block, expectedBlock] of checkTable(snapshot, expected)) {
    if (block.ignored) {
      assert.throws(() => [...block.presentRunsSync()], UnsupportedError);
      assert.throws(() => block.readPageSync(0), UnsupportedError);
      continue;
    }
    checkRuns([...block.presentRunsSync()], expectedBlock);
    checkMemorySync(block, expectedBlock);
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

/**
 * Compares an open snapshot with the expected values; pairs each block with its
 * expectation.
 */
function checkTable<T extends RAMBlock>(
  snapshot: Pick<Snapshot, "machine" | "capabilities"> & {
    readonly blocks: readonly T[];
  },
  { machine, capabilities, blocks = [] }: Expected,
): [T, ExpectedBlock][] {
  assert.equal(snapshot.machine, machine);
  assert.deepEqual(snapshot.capabilities, capabilities);
  assert.deepEqual(
    snapshot.blocks.map((block) => ({
      idstr: block.idstr,
      usedLength: block.usedLength,
      pageSize: block.pageSize,
      bitmapOffset: block.bitmapOffset,
      pagesOffset: block.pagesOffset,
      ignored: block.ignored,
    })),
    blocks.map(({ presentRuns: _, sha256: __, ...block }) => ({
      ignored: false,
      ...block,
    })),
  );
  return snapshot.blocks.map((block, index) => [block, blocks[index]]);
}

function checkRuns(
  runs: readonly PageRun[],
  { presentRuns }: ExpectedBlock,
): void {
  assert.deepEqual(runs.map(({ first, end }) => [first, end]), presentRuns);
}

/** Reads a block by range and by page, each into memory that is not zero. */
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

/** As {@linkcode checkMemory}, synchronously. */
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
    assert(rules.includes(expected.error.rule));
    assert.equal(report.good, false);
  }
}

/** Whether a reader must refuse the file for one of the findings. */
function isRefused(findings: readonly RuleError[]): boolean {
  return findings.some(({ rule }) => RULES[rule].kind === "refuse");
}
