import type { ByteRange } from "../bytes/byte_range.ts";
import type { MappedRamHeader } from "./mapped_ram_header.ts";

/** A RAMBlock as the file lists it. */
export interface RAMBlockHeader extends MappedRamHeader {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Guest-physical address, if `x-ignore-shared` is on. */
  readonly mrAddr?: bigint;
  /** True if `x-ignore-shared` left the block's pages out of the file. */
  readonly ignored: boolean;
  /** Range of the entry itself in the file. */
  readonly entry: ByteRange;
}
