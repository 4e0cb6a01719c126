import type { Walk } from "../../format/bytes/mod.ts";
import { type FormatError, RuleError, RULES } from "../../format/rules/mod.ts";
import {
  type DeviceState,
  indexSnapshot,
  type SnapshotIndex,
  walkDeviceState,
} from "../../format/snapshot/mod.ts";
import type { Report } from "../../format/stream/mod.ts";
import { isZero } from "../pages/mod.ts";
import { type ByteSource, drive, type ReadOptions } from "../sources/mod.ts";
import { Pace, type Progress, ProgressReport } from "../work/mod.ts";
import { indexOptionsOf, type OpenOptions } from "./open_snapshot.ts";
import { absentBytes } from "./present_ranges.ts";
import { makeSnapshot, type Snapshot } from "./snapshot.ts";

/** Options of {@linkcode verifySnapshot}. */
export interface VerifyOptions extends OpenOptions, ReadOptions {
  /** Whether to read every page that the file holds. Default: false. */
  readonly pages?: boolean | undefined;
  /** Called from time to time with the progress of reading the pages. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Result of {@linkcode verifySnapshot}. */
export interface VerifyReport {
  /**
   * The rules that the file breaks, in the order of detection. The last one may
   * hide others: after some errors the file cannot be read any further.
   */
  readonly findings: readonly RuleError[];
  /** Whether a reader accepts the file: at most `write` rules are broken. */
  readonly good: boolean;
  /** The snapshot, if it could be opened. */
  readonly snapshot?: Snapshot;
  /** The device state after the RAM, if it could be walked. */
  readonly deviceState?: DeviceState;
  /** With `pages`: number of pages that the file holds. */
  readonly presentPages?: number;
  /** With `pages`: number of those that are all zero, and could be omitted. */
  readonly presentZeroPages?: number;
}

/**
 * Checks a snapshot by every rule of SPEC.md, and continues after errors as far
 * as possible.
 *
 * @throws {SourceError} if the source cannot be read
 *
 * @example
 * ```ts
 * import { memorySource, verifySnapshot } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const { good, findings } = await verifySnapshot(
 *   memorySource(new TextEncoder().encode("no snapshot at all")),
 * );
 * assert.equal(good, false);
 * assert.equal(findings[0].rule, "stream-magic");
 * ```
 */
export async function verifySnapshot(
  source: ByteSource,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const findings: RuleError[] = [];
  const report: Report = (finding: FormatError) => void findings.push(finding);
  const found = await verifyStructure(source, options, report, findings);
  const { snapshot } = found;
  let counts = {};
  if (snapshot !== undefined) {
    for (const block of snapshot.blocks) {
      const finding = await block.paddingFinding(options);
      if (finding !== undefined) findings.push(finding);
    }
    if (options.pages) counts = await readAllPages(snapshot, options);
  }
  source.checkUnchanged?.();
  const good = findings.every(({ rule }) => RULES[rule].kind === "write");
  return { findings, good, ...found, ...counts };
}

async function verifyStructure(
  source: ByteSource,
  options: VerifyOptions,
  report: Report,
  findings: RuleError[],
): Promise<Pick<VerifyReport, "snapshot" | "deviceState">> {
  const indexOptions = indexOptionsOf(options);
  /** Runs a walk; the error that ends it is a finding, too. */
  async function attempt<T>(walk: Walk<T>): Promise<T | undefined> {
    try {
      return await drive(walk, source, options);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      findings.push(error);
      return undefined;
    }
  }
  const index: SnapshotIndex | undefined = await attempt(
    indexSnapshot(source, { ...indexOptions, report }),
  );
  if (index === undefined) return {};
  const snapshot = makeSnapshot(source, index, indexOptions.bitmapOrder);
  const deviceState = await attempt(walkDeviceState(source, index, { report }));
  if (deviceState === undefined) return { snapshot };
  const { readDirtyBitmaps } = await import(
    "../../format/dirty_bitmaps/mod.ts"
  );
  const parts = [...index.earlyDirtyBitmaps, ...deviceState.dirtyBitmaps];
  await attempt(readDirtyBitmaps(source, parts, { report }));
  return { snapshot, deviceState };
}

const PAGES_BETWEEN_REPORTS = 64;

async function readAllPages(
  snapshot: Snapshot,
  options: VerifyOptions,
): Promise<{ presentPages: number; presentZeroPages: number }> {
  const { signal, onProgress } = options;
  const pace = new Pace(signal);
  const blocks = snapshot.blocks.filter((block) => !block.ignored);
  const total = blocks.reduce((sum, it) => sum + it.usedLength, 0);
  let presentPages = 0;
  let presentZeroPages = 0;
  const report = new ProgressReport(total, onProgress);
  report.skip(await absentBytes(blocks, { signal }));
  for (const block of blocks) {
    const { idstr, pageSize } = block;
    report.idstr = idstr;
    const page = new Uint8Array(pageSize);
    for await (const run of block.presentRuns({ signal })) {
      for (let index = run.first; index < run.end; index++) {
        await block.readPageInto(page, index, options);
        const zero = isZero(page);
        presentPages++;
        if (zero) presentZeroPages++;
        report.advance(pageSize, zero ? pageSize : 0);
        if (index % PAGES_BETWEEN_REPORTS === 0) report.tell();
        await pace.step();
      }
    }
    report.tell();
  }
  return { presentPages, presentZeroPages };
}
