import {
  alignUp,
  CAPABILITY_IGNORE_SHARED,
  CAPABILITY_MAPPED_RAM,
  type Configuration,
  encodeHead,
  encodeTail,
  rangeEnd,
} from "../format/mod.ts";
import { CHUNK } from "./chunk.ts";
import type { ByteSink } from "./sinks/byte_sink.ts";
import type { Snapshot } from "./snapshot.ts";

/** What stands before and behind the RAMBlocks of a stream. */
export interface StreamFrame {
  /** The stream up to the body of RAM's START. */
  readonly head: Uint8Array;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Bytes from behind the list of RAMBlocks to the end of the stream. */
  readonly tailLength: number;
  /** Writes those bytes at `offset`. */
  writeTail(sink: ByteSink, offset: number): Promise<void>;
}

/** The frame of a stream without device state. */
export function newFrame(options: {
  readonly machine: string;
  readonly pageSize: number;
  readonly targetPageBits?: number | undefined;
}): StreamFrame {
  const { machine, pageSize, targetPageBits } = options;
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
    capabilities: [CAPABILITY_MAPPED_RAM],
    ...(targetPageBits === undefined ? {} : { targetPageBits }),
  };
  const tail = encodeTail(configuration, pageSize);
  return {
    head: encodeHead(configuration),
    pageSize,
    tailLength: tail.length,
    writeTail: (sink, offset) => sink.write(tail, offset),
  };
}

/**
 * The frame of an open snapshot, byte for byte: nothing in it depends on where
 * it stands.
 */
export async function copiedFrame(snapshot: Snapshot): Promise<StreamFrame> {
  const { source, index } = snapshot;
  if (snapshot.capabilities.includes(CAPABILITY_IGNORE_SHARED)) {
    throw new RangeError(
      `Cannot copy the device state of ${JSON.stringify(source.name)}: ` +
        `its RAM was saved with ${CAPABILITY_IGNORE_SHARED}`,
    );
  }
  const pageSize = snapshot.blocks[0]?.pageSize ?? 4096;
  const head = new Uint8Array(index.ramSetup.offset - index.streamOffset);
  await source.readInto(head, index.streamOffset);
  const tailStart = rangeEnd(index.ramSetup);
  const tailLength = (await snapshot.deviceState()).end - tailStart;
  return {
    head,
    pageSize,
    tailLength,
    async writeTail(sink, offset) {
      for (let done = 0; done < tailLength; done += CHUNK) {
        const length = Math.min(CHUNK, tailLength - done);
        const bytes = new Uint8Array(length);
        await source.readInto(bytes, tailStart + done);
        await sink.write(bytes, offset + done);
      }
    },
  };
}
