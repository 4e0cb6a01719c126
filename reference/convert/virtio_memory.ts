import type { ReadOptions } from "../sources/mod.ts";
import { readDevices } from "./device_fields.ts";
import type { GuestRange } from "./guest_range.ts";
import type { MemoryBlock, MemoryImage } from "./memory_image.ts";

/** A RAMBlock of a virtio-mem device, and the parts that the guest has. */
export interface VirtioMemory {
  readonly block: MemoryBlock;
  /** The plugged parts; the guest has no others. */
  readonly ranges: readonly GuestRange[];
}

/** The state that a virtio-mem device stores before its memory. */
interface Device {
  readonly address: number;
  readonly regionLength: number;
  readonly blockLength: number;
  readonly plugged: Uint8Array;
}

/**
 * Returns the memory of virtio-mem devices, which their state locates. The
 * state does not name the RAMBlock: it is the one with that size, if only one
 * has it.
 */
export async function virtioMemory(
  image: MemoryImage,
  candidates: readonly MemoryBlock[],
  options?: ReadOptions,
): Promise<VirtioMemory[]> {
  const found = await readDevices(
    image,
    (idstr) => idstr.endsWith("/virtio-mem-device-early"),
    options,
  );
  const devices = found.flatMap((fields): Device[] => {
    const checks = fields.bytes("tmp");
    const plugged = fields.bytes("bitmap");
    if (checks === undefined || checks.length < 24 || plugged === undefined) {
      return [];
    }
    const view = new DataView(checks.buffer, checks.byteOffset);
    return [{
      address: Number(view.getBigUint64(0)),
      regionLength: Number(view.getBigUint64(8)),
      blockLength: Number(view.getBigUint64(16)),
      plugged,
    }];
  });
  return devices.flatMap((device) => {
    const { regionLength, blockLength } = device;
    const isAlone = devices.filter((it) => it.regionLength === regionLength)
      .length === 1;
    const [block, ...others] = candidates.filter(({ usedLength }) =>
      usedLength === regionLength
    );
    const isSound = blockLength > 0 && regionLength % blockLength === 0 &&
      device.plugged.length * 8 >= regionLength / blockLength;
    if (!isAlone || !isSound || block === undefined || others.length > 0) {
      return [];
    }
    return [{ block, ranges: pluggedRanges(device, block.idstr) }];
  });
}

/**
 * Yields runs of set bits; in each big-endian word of 64 bits, the lowest is
 * first.
 */
function pluggedRanges(
  { address, regionLength, blockLength, plugged }: Device,
  idstr: string,
): GuestRange[] {
  const ranges: GuestRange[] = [];
  const isPlugged = (index: number) =>
    (plugged[Math.floor(index / 64) * 8 + 7 - Math.floor(index % 64 / 8)] >>
        index % 8 & 1) !== 0;
  const count = regionLength / blockLength;
  for (let first = 0; first < count; first++) {
    let end = first;
    while (end < count && isPlugged(end)) end++;
    if (end === first) continue;
    const offset = first * blockLength;
    ranges.push({
      address: address + offset,
      length: (end - first) * blockLength,
      idstr,
      offset,
    });
    first = end;
  }
  return ranges;
}
