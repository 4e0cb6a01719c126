import { RuleError } from "../../format/rules/mod.ts";
import {
  type GuestMap,
  guestMap,
  GuestMapError,
  type MemoryImage,
} from "../convert/mod.ts";
import type { RAMBlock, Snapshot } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { ProgressReport } from "../work/mod.ts";
import { compareBlocks } from "./compare_blocks.ts";
import { compareConfigurations } from "./compare_configurations.ts";
import { compareDevices } from "./compare_devices.ts";
import { layersOf } from "./content_layers.ts";
import { describedImage, describedOnce } from "./described_snapshot.ts";
import type { BlockDiff, DiffOptions, DiffSummary } from "./diff_options.ts";
import { ExtentFiles } from "./extent_files.ts";
import { PageComparer } from "./page_comparer.ts";

/**
 * Compares two snapshots: the configuration of the machine, the pages of each
 * RAMBlock, and the state of devices, field by field. Where things are in the
 * files does not matter, nor whether a page that is zero is in one of them.
 *
 * What is known to be the same is not read: pages in the same backing file or
 * image and, with `sharedExtents`, in the same extents of a disk.
 *
 * @throws {FormatError} if a snapshot breaks a rule
 * @throws {SourceError} if one cannot be read, or has changed meanwhile
 *
 * @example
 * ```ts
 * import { memorySink, memorySource, openSnapshot, saveSnapshot } from "../../mod.ts";
 * import { diffSnapshots } from "../doors/convert.ts";
 * import assert from "node:assert/strict";
 *
 * async function snapshotOf(ram: Uint8Array) {
 *   const sink = memorySink();
 *   await saveSnapshot(sink, [{ idstr: "ram", source: memorySource(ram) }]);
 *   return await openSnapshot(memorySource(sink.bytes()));
 * }
 * const before = new Uint8Array(0x4000).fill(7);
 * const after = before.slice().fill(8, 0x1000, 0x2000).fill(0, 0x3000);
 * const { same, blocks: [ram] } = await diffSnapshots(
 *   await snapshotOf(before),
 *   await snapshotOf(after),
 * );
 * assert.deepEqual([same, ram.changed, ram.vanished], [false, 1, 1]);
 * ```
 */
export async function diffSnapshots(
  a: Snapshot,
  b: Snapshot,
  options: DiffOptions = {},
): Promise<DiffSummary> {
  const { onDifference, signal } = options;
  signal?.throwIfAborted();
  const [one, other] = [describedOnce(a), describedOnce(b)];
  const mapA = await knownMap(describedImage(a, one), { signal });
  const mapB = await knownMap(describedImage(b, other), { signal });
  let configuration = 0;
  const properties = compareConfigurations(
    { snapshot: a, map: mapA },
    { snapshot: b, map: mapB },
  );
  for (const it of properties) {
    configuration++;
    await onDifference?.(it);
  }
  const blocks = await compareMemory(a, b, { ...options, map: mapB });
  let devices = 0;
  for await (const it of compareDevices(one, other, { signal })) {
    devices++;
    await onDifference?.(it);
  }
  for (const { source } of [a, b]) source.checkUnchanged?.();
  const differs = configuration + devices > 0 ||
    blocks.some((it) => it.appeared + it.vanished + it.changed > 0);
  const isKnown = differs || blocks.every((it) => it.compared);
  const same = isKnown ? !differs : undefined;
  return { same, configuration, devices, blocks };
}

/** Compares the RAMBlocks that both have, one after the other. */
async function compareMemory(
  a: Snapshot,
  b: Snapshot,
  options: DiffOptions & { readonly map: GuestMap | undefined },
): Promise<BlockDiff[]> {
  const { onDifference, sharedExtents, jobs = 1, map, signal } = options;
  const pairs = pairsOf(a, b);
  const report = new ProgressReport(bytesOf(pairs), options.onProgress);
  const [layersA, layersB] = [layersOf(a.source), layersOf(b.source)];
  const layers = { layersA, layersB };
  // Extents have something in common only with extents.
  const areFiles = [layersA, layersB].every((it) => it.at(-1)?.file);
  using extents = new ExtentFiles(areFiles ? sharedExtents : undefined);
  const work = { jobs, report, signal };
  using comparer = new PageComparer(a.source, b.source, work);
  const blocks: BlockDiff[] = [];
  for (const [one, other] of pairs) {
    const { idstr } = one;
    report.idstr = idstr;
    blocks.push(
      await compareBlocks({ a: one, b: other, ...layers }, {
        comparer,
        findExtents: extents.find,
        ranges: map?.ranges.filter((it) => it.idstr === idstr) ?? [],
        report,
        signal,
        onDifference,
      }),
    );
  }
  return blocks;
}

/** Returns where the guest sees its memory; undefined if that is unknown. */
async function knownMap(
  image: MemoryImage,
  options: ReadOptions,
): Promise<GuestMap | undefined> {
  try {
    return await guestMap(image, options);
  } catch (error) {
    // Of device state that cannot be read, the comparison of devices says so.
    const isUnknown = error instanceof GuestMapError ||
      error instanceof RuleError;
    if (isUnknown) return undefined;
    throw error;
  }
}

type Pair = readonly [RAMBlock, RAMBlock];

function pairsOf(a: Snapshot, b: Snapshot): Pair[] {
  const others = new Map(b.blocks.map((it) => [it.idstr, it]));
  return a.blocks.flatMap((it) => {
    const other = others.get(it.idstr);
    return other === undefined ? [] : [[it, other] as const];
  });
}

function bytesOf(pairs: readonly Pair[]): number {
  return pairs.reduce(
    (sum, [a, b]) => sum + Math.max(a.usedLength, b.usedLength),
    0,
  );
}
