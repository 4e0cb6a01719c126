import { alignUp } from "../../format/bitmap/mod.ts";
import { hex } from "../../format/rules/mod.ts";
import { SourceError } from "../sources/mod.ts";
import type { AddressSpace } from "./address_space.ts";
import type { GuestRange } from "./guest_range.ts";
import { layoutOf, machineRanges, splitOf } from "./machine_ranges.ts";

/** What is known about a machine's RAM before its memory is examined. */
interface WantedRam {
  readonly machine: string;
  readonly idstr: string;
  /** Bytes of RAM; undefined: derived from the memory. */
  readonly ramLength: number | undefined;
  /** Bytes of a page. */
  readonly pageSize: number;
}

const GIB4 = 2 ** 32;
const VIDEO_START = 0xa0000;

/**
 * Returns how much RAM a machine has, and where, by its rules and its memory.
 *
 * @throws {GuestMapError} if the rules of the machine are not known
 * @throws {SourceError} if the memory cannot be of such a machine
 */
export async function ramRanges(
  memory: AddressSpace,
  { machine, idstr, ramLength, pageSize }: WantedRam,
): Promise<{ readonly usedLength: number; readonly map: GuestRange[] }> {
  const usedLength = ramLength ??
    alignUp(shownLength(memory, machine), pageSize);
  const ram = {
    idstr,
    usedLength,
    pageSize,
    name: memory.name,
    byteLength: usedLength,
    readInto: () => Promise.reject(new TypeError("Cannot read a layout")),
    presentRuns: async function* () {},
  };
  const image = { name: memory.name, machine, blocks: [ram] };
  const map = await machineRanges(image, { machine, idstr, usedLength });
  return { usedLength, map };
}

/** Returns how much RAM there is: up to the hole, and from 4 GiB on. */
function shownLength(memory: AddressSpace, machine: string): number {
  const layout = layoutOf(machine);
  if (layout === undefined || layout === "plain") return memory.byteLength;
  if (!memory.ranges.some(({ address }) => address < VIDEO_START)) {
    throw new SourceError(
      memory.name,
      `Cannot take ${JSON.stringify(memory.name)} as the memory of ` +
        `${machine}: it has none below ${hex(VIDEO_START)}, where that ` +
        "machine has RAM; expected the machine type that it was saved with, " +
        "or the ranges of its RAMBlocks",
    );
  }
  const { splitFrom, lowLength } = splitOf(machine);
  // Memory that starts where RAM would be split belongs to a device.
  const low = memory.ranges.filter(({ address }) => address < splitFrom)
    .reduce((highest, it) => Math.max(highest, it.address + it.length), 0);
  const high = Math.max(0, memory.byteLength - GIB4);
  if (high === 0) return low;
  // Firmware reserves some of the RAM below 4 GiB, but never a quarter of it.
  if (low >= lowLength - lowLength / 4) return high + lowLength;
  throw new SourceError(
    memory.name,
    `Cannot tell how much RAM ${JSON.stringify(memory.name)} has: there is ` +
      `memory at ${hex(GIB4)} and after it, but below it ends at ${
        hex(low)
      }, ` +
      `and ${machine} has RAM up to ${hex(lowLength)} there; expected the ` +
      "machine type that it was saved with, the bytes of its RAM, or the " +
      "ranges of its RAMBlocks",
  );
}
