/** A RAMBlock of the demonstration's guest. */
export interface DemonstrationBlock {
  /** QEMU's name of the block. */
  readonly idstr: string;
  /** The memory. */
  readonly bytes: Uint8Array;
}

const MIB = 2 ** 20;
const PAGE = 4096;

/** Pages of a cluster, which is in use or free as a whole. */
const CLUSTER = 16;

/** Regions of a guest's RAM: start, length, and the share that is in use. */
const STRETCHES: readonly {
  readonly start: number;
  readonly length: number;
  readonly share: number;
}[] = [
  { start: 0, length: 0.625 * MIB, share: 0.3 }, // real mode, tables
  { start: 0.9375 * MIB, length: 0.0625 * MIB, share: 1 }, // firmware
  { start: 1 * MIB, length: 11 * MIB, share: 1 }, // kernel text and data
  { start: 13 * MIB, length: 4 * MIB, share: 0.6 }, // slabs
  { start: 18 * MIB, length: 10 * MIB, share: 0.95 }, // page cache
  { start: 28 * MIB, length: 3 * MIB, share: 0.1 }, // freed page cache
  { start: 34 * MIB, length: 6 * MIB, share: 0.45 }, // heap of a process
  { start: 47 * MIB, length: 1 * MIB, share: 0.8 }, // its stack
  { start: 58 * MIB, length: 6 * MIB, share: 0.2 }, // remains of the allocator
];

/** Makes the memory of a small guest, the same at every call. */
export function makeDemonstrationMemory(): DemonstrationBlock[] {
  const random = new Random(2026);
  const ram = new Uint8Array(64 * MIB);
  for (const { start, length, share } of STRETCHES) {
    const pages = length / PAGE;
    let wanted = share;
    for (let page = 0; page < pages; page++) {
      // Some clusters are fuller than others, as in a guest that has been
      // running.
      if (page % CLUSTER === 0) wanted = share * (0.4 + 1.2 * random.next());
      if (share < 1 && random.next() >= wanted) continue;
      const offset = start + page * PAGE;
      random.fill(ram.subarray(offset, offset + PAGE));
    }
  }
  const vram = new Uint8Array(16 * MIB);
  const screen = new TextEncoder().encode("mapped-ram demonstration guest \n");
  vram.set(repeat(screen, 40 * PAGE));
  return [{ idstr: "pc.ram", bytes: ram }, { idstr: "vga.vram", bytes: vram }];
}

function repeat(text: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = text[at % text.length];
  return bytes;
}

/** A small generator of reproducible numbers (xorshift32). */
export class Random {
  #state: number;

  /** Starts from a seed other than 0. */
  constructor(seed: number) {
    this.#state = seed;
  }

  /** Returns a number from 0 up to, but not including, 1. */
  next(): number {
    this.#step();
    return (this.#state >>> 0) / 2 ** 32;
  }

  /** Fills bytes, whose number is a multiple of 4, with noise. */
  fill(bytes: Uint8Array): void {
    const words = new Int32Array(
      bytes.buffer,
      bytes.byteOffset,
      bytes.length / 4,
    );
    for (let index = 0; index < words.length; index++) {
      this.#step();
      words[index] = this.#state;
    }
  }

  #step(): void {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
  }
}
