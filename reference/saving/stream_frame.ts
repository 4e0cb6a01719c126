import { alignUp } from "../../format/bitmap/mod.ts";
import type { RamLayout } from "../../format/ram/mod.ts";
import { encodeHead, encodeTail } from "../../format/snapshot/mod.ts";
import {
  CAPABILITY_FIXED_RAM,
  CAPABILITY_IGNORE_SHARED,
  CAPABILITY_MAPPED_RAM,
  type Configuration,
} from "../../format/stream/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { CopiedParts } from "./copied_parts.ts";

/** The stream before and after the list of RAMBlocks. */
export interface StreamFrame {
  /** The stream up to the body of RAM's START. */
  readonly head: Uint8Array;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Layout of the RAM. */
  readonly layout: RamLayout;
  /** Bytes from the end of the list of RAMBlocks to the end of the stream. */
  readonly tailLength: number;
  /** Writes these bytes at `offset`. */
  writeTail(sink: ByteSink, offset: number): Promise<void>;
}

/** Returns the frame of a stream without device state. */
export function newFrame(options: {
  readonly machine: string;
  readonly pageSize: number;
  readonly targetPageBits?: number | undefined;
  readonly layout?: RamLayout | undefined;
}): StreamFrame {
  const { machine, pageSize, targetPageBits, layout = "mapped-ram" } = options;
  const bits = Math.log2(pageSize);
  if (
    !Number.isInteger(bits) || alignUp(pageSize, 256) !== pageSize || bits > 20
  ) {
    throw new RangeError(
      `Cannot save pages of ${pageSize} bytes: expected a power of two ` +
        "from 256 to 1048576",
    );
  }
  if (targetPageBits !== undefined && targetPageBits !== bits) {
    throw new RangeError(
      `Cannot save pages of ${pageSize} bytes with targetPageBits ` +
        `${targetPageBits}: expected ${bits}`,
    );
  }
  const configuration: Configuration = {
    machine,
    capabilities: [capabilityOf(layout)],
    ...(targetPageBits === undefined ? {} : { targetPageBits }),
  };
  const tail = encodeTail(configuration, { pageSize, layout });
  return {
    head: encodeHead(configuration),
    pageSize,
    layout,
    tailLength: tail.length,
    writeTail: (sink, offset) => sink.write(tail, offset),
  };
}

/** Returns the capability of a layout. */
function capabilityOf(layout: RamLayout): string {
  return layout === "mapped-ram" ? CAPABILITY_MAPPED_RAM : CAPABILITY_FIXED_RAM;
}

/**
 * Returns the frame of an open snapshot. If the layout stays the same it is
 * copied byte for byte, since nothing in it depends on its position.
 */
export async function copiedFrame(
  snapshot: Snapshot,
  layout: RamLayout = "mapped-ram",
): Promise<StreamFrame> {
  const { copiedParts } = await import("./copied_parts.ts");
  return frameOf(snapshot, layout, await copiedParts(snapshot, layout));
}

/**
 * Refuses a snapshot without some of its RAM: in a copy, the missing RAM would
 * be zero.
 *
 * @throws {RangeError} if RAM is missing; the message names the RAMBlocks
 */
export function refuseIgnored(
  { blocks, source }: Snapshot,
  action: string,
): void {
  const ignored = blocks.filter((it) => it.ignored)
    .map(({ idstr }) => JSON.stringify(idstr));
  if (ignored.length === 0) return;
  throw new RangeError(
    `Cannot ${action} ${JSON.stringify(source.name)}: it was saved without ` +
      `the RAM of ${ignored.join(", ")} (${CAPABILITY_IGNORE_SHARED})`,
  );
}

/**
 * Returns the frame of a snapshot whose RAM section has no END, with an END
 * after its PARTs.
 */
export async function endedFrame(
  snapshot: Snapshot,
  partsEnd: number,
): Promise<StreamFrame> {
  refuseIgnored(snapshot, "repair a copy of");
  const { layout } = snapshot.index;
  const { endedParts } = await import("./copied_parts.ts");
  return frameOf(snapshot, layout, await endedParts(snapshot, partsEnd));
}

function frameOf(
  snapshot: Snapshot,
  layout: RamLayout,
  { head, tail }: CopiedParts,
): StreamFrame {
  const pageSize = snapshot.blocks[0]?.pageSize ?? 4096;
  return {
    head,
    pageSize,
    layout,
    tailLength: tail.reduce((sum, part) => sum + part.length, 0),
    async writeTail(sink, offset) {
      let at = offset;
      for (const part of tail) {
        for await (const bytes of part.read()) {
          await sink.write(bytes, at);
          at += bytes.length;
        }
      }
    },
  };
}
