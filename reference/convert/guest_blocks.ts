import type { RAMBlockInput } from "../saving/save_snapshot.ts";
import type { AddressSpace } from "./address_space.ts";
import { guestMap, type GuestRange } from "./guest_map.ts";

/** How guest-physical memory becomes RAMBlocks. */
export interface GuestBlocksOptions {
  /** QEMU's name of the machine type. Default: `"none"`. */
  readonly machine?: string | undefined;
  /** Bytes of RAM. Default: what the memory shows. */
  readonly ramLength?: number | undefined;
  /** The block of the main memory, where it has another name than usual. */
  readonly ram?: string | undefined;
}

const MIB = 2 ** 20;
const GIB4 = 2 ** 32;
const SHADOW_START = 0xc0000;
/** The block of the main memory, by the start of the machine's name. */
const RAM_NAMES: readonly [RegExp, string][] = [
  [/^(pc|q35)/, "pc.ram"],
  [/^microvm/, "microvm.ram"],
];

/**
 * The RAMBlock of a machine's main memory, put together from guest-physical
 * ranges: without the hole below 4 GiB, where the machine has one.
 *
 * @throws {GuestMapError} if the layout of the machine is not known
 */
export async function guestBlocks(
  memory: AddressSpace,
  options: GuestBlocksOptions = {},
): Promise<RAMBlockInput[]> {
  const { machine = "none" } = options;
  const idstr = options.ram ??
    RAM_NAMES.find(([pattern]) => pattern.test(machine))?.[1] ?? "ram";
  const shown = options.ramLength ?? await ramLength(memory, machine, idstr);
  const map = await mapOf(memory, { machine, idstr, usedLength: shown });
  const block = memory.moved(
    [...map, ...shadowRanges(memory, map, idstr)].map((
      { address, length, offset },
    ) => ({
      address: offset,
      length,
      position: address,
    })),
    shown,
  );
  const { dataRanges } = block;
  return [{ idstr, source: block, usedLength: shown, dataRanges }];
}

/** Where firmware was copied to: RAM, if it is of one range with what follows. */
function shadowRanges(
  memory: AddressSpace,
  map: readonly GuestRange[],
  idstr: string,
): GuestRange[] {
  const isRam = memory.ranges.some(({ address, length }) =>
    address <= SHADOW_START && address + length > MIB
  );
  const isKnown = map.some(({ address, length }) =>
    address <= SHADOW_START && address + length > SHADOW_START
  );
  if (isKnown || !isRam) return [];
  const length = MIB - SHADOW_START;
  return [{ address: SHADOW_START, length, idstr, offset: SHADOW_START }];
}

function mapOf(
  memory: AddressSpace,
  block: {
    readonly machine: string;
    readonly idstr: string;
    readonly usedLength: number;
  },
): Promise<GuestRange[]> {
  const { machine, idstr, usedLength } = block;
  const ram = {
    ...{ idstr, usedLength, pageSize: 4096, name: memory.name },
    byteLength: usedLength,
    readInto: () => Promise.reject(new TypeError("Cannot read a layout")),
    presentRuns: async function* () {},
  };
  return guestMap({ name: memory.name, machine, blocks: [ram] }, {
    ram: idstr,
  });
}

/** How much RAM there is: up to the hole, and from 4 GiB on. */
async function ramLength(
  memory: AddressSpace,
  machine: string,
  idstr: string,
): Promise<number> {
  const high = Math.max(0, memory.byteLength - GIB4);
  if (machine === "none") return memory.byteLength;
  if (high > 0) {
    // Any RAM that is split tells where the split is.
    const map = await mapOf(memory, { machine, idstr, usedLength: GIB4 });
    const part = map.find(({ address }) => address === GIB4);
    return high + (part?.offset ?? 0);
  }
  let end = 0;
  for (const { address, length } of memory.ranges) {
    // The hole of the display adapter is none that ends the RAM.
    if (address <= Math.max(end, MIB)) end = Math.max(end, address + length);
  }
  return end;
}
