import { changeToken } from "./change_token.ts";
import type { Field, FuzzSeed } from "./fuzz_seeds.ts";
import type { Random } from "./random.ts";

/** A mutated input, and the function that restores it. */
export interface Mutation {
  readonly bytes: Uint8Array;
  readonly restore: () => void;
}

const BYTES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, 0x20, 0x7e, 0x7f, 0x80, 0xff];
const NUMBERS = [
  ...[0n, 1n, 2n, 7n, 8n, 0x10n, 0x7fn, 0xffn, 0x100n, 0xfffn, 0x1000n],
  ...[0x1004n, 0x2000n, 0xffffn, 0x100000n, 0x7fffffffn, 0xffffffffn],
  ...[2n ** 32n, 2n ** 45n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n - 4096n],
  ...[2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 4096n, 2n ** 64n - 1n],
];
const SHIFT_MAX = 2 ** 16;

/**
 * Mutates a seed in place: sets fields, lengths and flags to boundary values,
 * changes tokens of a text, bytes and bits anywhere in its structure, inserts
 * pieces of other seeds, or shifts pieces; sometimes it also cuts the end.
 */
export function mutateSeed(
  seed: FuzzSeed,
  others: readonly FuzzSeed[],
  random: Random,
): Mutation {
  const undo: (readonly [number, Uint8Array])[] = [];
  const { bytes } = seed;
  function write(offset: number, part: Uint8Array): void {
    const end = Math.min(bytes.length, offset + part.length);
    if (offset >= end) return;
    undo.push([offset, bytes.slice(offset, end)]);
    bytes.set(part.subarray(0, end - offset), offset);
  }
  for (let count = 1 + random(3); count > 0; count--) {
    const kind = random(10);
    if (kind < 4 && seed.fields.length > 0) {
      write(...changedField(seed, random));
    } else if (kind < 7 && seed.isText) write(...changeToken(bytes, random));
    else if (kind < 8) write(...changedBytes(seed, random));
    else if (kind < 9) write(...splicedBytes(seed, others, random));
    else write(...shiftedBytes(seed, random));
  }
  const cut = random(6) === 0 ? cutOf(seed, random) : bytes.length;
  return {
    bytes: bytes.subarray(0, cut),
    restore: () => {
      for (const [at, old] of undo.toReversed()) bytes.set(old, at);
    },
  };
}

type Change = [offset: number, part: Uint8Array];

function changedField({ fields, bytes }: FuzzSeed, random: Random): Change {
  const [offset, length] = fields[random(fields.length)];
  const current = numberAt(bytes, [offset, length]);
  const [from, size] = fields[random(fields.length)];
  const candidates = [
    ...[
      current + 1n,
      current - 1n,
      current * 2n,
      current / 2n,
      current + 4096n,
      current - 4096n,
    ],
    ...[current + 256n, current ^ (1n << BigInt(random(8 * length)))],
    numberAt(bytes, [from, size]),
    BigInt(bytes.length + random(3) - 1),
    BigInt(offset + random(64)),
    NUMBERS[random(NUMBERS.length)],
    NUMBERS[random(NUMBERS.length)],
  ];
  return [offset, bytesOf(candidates[random(candidates.length)], length)];
}

function numberAt(bytes: Uint8Array, [offset, length]: Field): bigint {
  let value = 0n;
  for (let at = offset; at < offset + length; at++) {
    value = value * 256n + BigInt(bytes[at] ?? 0);
  }
  return value;
}

function bytesOf(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = BigInt.asUintN(8 * length, value);
  for (let at = length - 1; at >= 0; at--, rest /= 256n) {
    bytes[at] = Number(rest % 256n);
  }
  return bytes;
}

function placeOf({ places, bytes }: FuzzSeed, random: Random): number {
  const [start, end] = places[random(places.length)];
  return Math.min(
    Math.max(0, bytes.length - 1),
    start + random(Math.max(1, end - start)),
  );
}

function changedBytes(seed: FuzzSeed, random: Random): Change {
  const offset = placeOf(seed, random);
  const length = [1, 1, 1, 2, 4, 8][random(6)];
  const part = seed.bytes.slice(offset, offset + length);
  const kind = random(3);
  for (let at = 0; at < part.length; at++) {
    if (kind === 0) part[at] = random(256);
    else if (kind === 1) part[at] = BYTES[random(BYTES.length)];
    else part[at] ^= 1 << random(8);
  }
  return [offset, part];
}

/** Returns a piece of another seed, or of another place in this one. */
function splicedBytes(
  seed: FuzzSeed,
  others: readonly FuzzSeed[],
  random: Random,
): Change {
  const from = random(2) === 0 ? seed : others[random(others.length)];
  const start = placeOf(from, random);
  const length = 1 + random([8, 64, 600][random(3)]);
  return [placeOf(seed, random), from.bytes.slice(start, start + length)];
}

/** Returns the bytes from a place on, shifted by a few bytes. */
function shiftedBytes(seed: FuzzSeed, random: Random): Change {
  const { bytes } = seed;
  const offset = placeOf(seed, random);
  const by = 1 + random(12);
  const rest = bytes.subarray(offset, offset + SHIFT_MAX);
  if (random(2) === 0) return [offset, rest.slice(by)];
  const moved = new Uint8Array(rest.length);
  moved.set(rest.subarray(0, by));
  if (rest.length > by) moved.set(rest.subarray(0, rest.length - by), by);
  return [offset, moved];
}

function cutOf(seed: FuzzSeed, random: Random): number {
  const { length } = seed.bytes;
  return random(3) === 0
    ? placeOf(seed, random)
    : length - random(Math.min(length, 2000) + 1);
}
