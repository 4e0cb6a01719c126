import type { ByteRange } from "../../../format/bytes/mod.ts";
import type { DirtyBitmap } from "../../../format/dirty_bitmaps/mod.ts";
import type { RamLayout } from "../../../format/ram/mod.ts";
import { RuleError } from "../../../format/rules/mod.ts";
import type { DeviceState } from "../../../format/snapshot/mod.ts";
import { formatUuid, type StreamItem } from "../../../format/stream/mod.ts";
import { dirtyBitmaps } from "../../device_state/mod.ts";
import type { RAMBlock, Snapshot } from "../../reading/mod.ts";
import {
  type BitmapOrderEvidence,
  bitmapOrderEvidence,
} from "./bitmap_order_evidence.ts";
import { type LibvirtFacts, libvirtFacts } from "./info_libvirt.ts";
import { type StateClass, stateClassOf } from "./state_class.ts";

/** The facts that `info` prints about a RAMBlock. */
export interface BlockFacts {
  readonly idstr: string;
  readonly usedLength: number;
  readonly pageSize: number;
  readonly pageCount: number;
  readonly presentPages: number;
  readonly presentBytes: number;
  readonly bitmapOffset: number;
  readonly pagesOffset: number;
  readonly ignored: boolean;
}

/** The facts that `info` prints about a device's section. */
export interface SectionFacts extends ByteRange {
  readonly sectionId: number;
  readonly idstr: string;
  readonly instanceId: number;
  readonly versionId: number;
  readonly stateClass: StateClass;
}

/**
 * The facts that `info` prints about a section that is sent in several parts.
 */
export interface IterableFacts {
  readonly sectionId: number;
  readonly idstr: string;
  readonly stateClass: StateClass;
}

/** The facts that `info` prints, and its `--json`. */
export interface SnapshotFacts {
  readonly file: string;
  readonly machine: string;
  readonly capabilities: readonly string[];
  readonly targetPageBits: number | undefined;
  readonly uuid: string | undefined;
  readonly layout: RamLayout;
  readonly libvirt: LibvirtFacts | undefined;
  readonly streamOffset: number;
  readonly bitmapOrderEvidence: BitmapOrderEvidence;
  readonly iterable: readonly IterableFacts[];
  readonly dirtyBitmaps: readonly DirtyBitmap[];
  readonly blocks: readonly BlockFacts[];
  readonly ramParts: number;
  readonly devices: readonly SectionFacts[];
  readonly vmdesc: ByteRange | undefined;
  /**
   * Undefined, as is `trailerBytes`, if the end of the stream was not found.
   */
  readonly streamEnd: number | undefined;
  readonly trailerBytes: number | undefined;
  readonly byteLength: number;
}

/** Returns the facts, and the error in what follows the RAM, if any. */
export async function gatherFacts(
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<{ readonly facts: SnapshotFacts; readonly error?: RuleError }> {
  const { source, index } = snapshot;
  const { targetPageBits, uuid } = index.configuration;
  const blocks: BlockFacts[] = [];
  for (const block of snapshot.blocks) {
    blocks.push(await blockFacts(block, signal));
  }
  const { deviceState, bitmaps = [], error } = await tryDeviceState(
    snapshot,
    signal,
  );
  const sections = [...index.earlySections, ...deviceState?.sections ?? []];
  const streamEnd = deviceState?.eofOffset === undefined
    ? undefined
    : deviceState.end;
  const facts = {
    file: source.name,
    machine: snapshot.machine,
    capabilities: snapshot.capabilities,
    targetPageBits,
    uuid: uuid === undefined ? undefined : formatUuid(uuid),
    layout: index.layout,
    libvirt: index.libvirt &&
      await libvirtFacts(source, index.libvirt, signal),
    streamOffset: index.streamOffset,
    bitmapOrderEvidence: await bitmapOrderEvidence(snapshot, { signal }),
    iterable: [...index.started.values()].map(({ sectionId, idstr }) => ({
      sectionId,
      idstr,
      stateClass: stateClassOf("iterable", idstr),
    })),
    dirtyBitmaps: bitmaps,
    blocks,
    ramParts: index.ramPartCount,
    devices: sections.flatMap(sectionFacts),
    vmdesc: deviceState?.vmdesc?.range,
    streamEnd,
    trailerBytes: streamEnd === undefined
      ? undefined
      : source.byteLength - streamEnd,
    byteLength: source.byteLength,
  };
  return error === undefined ? { facts } : { facts, error };
}

async function blockFacts(
  block: RAMBlock,
  signal: AbortSignal,
): Promise<BlockFacts> {
  const { idstr, usedLength, pageSize, pageCount, ignored } = block;
  const { bitmapOffset, pagesOffset } = block;
  const presentPages = ignored ? 0 : await block.countPresent({ signal });
  return {
    idstr,
    usedLength,
    pageSize,
    pageCount,
    presentPages,
    presentBytes: presentPages * pageSize,
    bitmapOffset,
    pagesOffset,
    ignored,
  };
}

/** Reads what follows the RAM; the RAM is readable even if that fails. */
async function tryDeviceState(
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<
  {
    readonly deviceState?: DeviceState;
    readonly bitmaps?: readonly DirtyBitmap[];
    readonly error?: RuleError;
  }
> {
  let deviceState: DeviceState | undefined;
  try {
    deviceState = await snapshot.deviceState({ signal });
    return {
      deviceState,
      bitmaps: await dirtyBitmaps(snapshot, { deviceState, signal }),
    };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return deviceState === undefined ? { error } : { deviceState, error };
  }
}

function sectionFacts(item: StreamItem): SectionFacts[] {
  return item.kind === "full"
    ? [{
      ...item.section,
      ...item.range,
      stateClass: stateClassOf("full", item.section.idstr),
    }]
    : [];
}
