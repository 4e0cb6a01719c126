import { GrowingBytes } from "../../format/bytes/mod.ts";
import { SourceError } from "../sources/mod.ts";

/** A region of a guest's memory, as Firecracker describes it. */
export interface GuestRegion {
  /** Address in Firecracker's process. */
  readonly address: number;
  /** Length in bytes. */
  readonly byteLength: number;
  /** Offset of the region in the guest's memory. */
  readonly offset: number;
  /** Bytes of a page. */
  readonly pageSize: number;
}

/** Maximum bytes of a handshake. */
export const HANDSHAKE_MAX = 0x100000;
/** Maximum regions of a VM, since each fault searches them. */
export const REGIONS_MAX = 256;
const PAGE_MAX = 0x40000000;
/** The bytes of JSON's structure. */
const CHARACTER = {
  "[": 0x5b,
  "]": 0x5d,
  "{": 0x7b,
  "}": 0x7d,
  '"': 0x22,
  "\\": 0x5c,
  " ": 0x20,
};

/** Maximum nesting of the JSON text. */
const DEPTH_MAX = 16;
/** Maximum characters of the handshake quoted in an error. */
const QUOTED_MAX = 40;

/**
 * Reads the body of Firecracker's handshake, a JSON array of regions, as it
 * arrives, examining each byte once. Ignores unknown fields. The field
 * `page_size_kib` of old versions is in bytes, like `page_size`.
 */
export class HandshakeReader {
  readonly #peer: string;
  readonly #received = new GrowingBytes(0x1000, HANDSHAKE_MAX);
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** `peer` names the sender in messages. */
  constructor(peer: string) {
    this.#peer = peer;
  }

  /**
   * Adds bytes; returns the regions once the array is complete, else undefined.
   * Ignores bytes that follow the array.
   *
   * @throws {SourceError} if the bytes are not such an array
   */
  add(bytes: Uint8Array): GuestRegion[] | undefined {
    const start = this.#received.length;
    if (start + bytes.length > HANDSHAKE_MAX) {
      throw wrong(this.#peer, `more than ${HANDSHAKE_MAX} bytes`);
    }
    this.#received.append(bytes);
    const received = this.#received.bytes;
    for (let index = start; index < received.length; index++) {
      if (!this.#endsAt(received[index])) continue;
      return readRegions(received.subarray(0, index + 1), this.#peer);
    }
    return undefined;
  }

  /** Adds the next byte; returns whether the array ends there. */
  #endsAt(byte: number): boolean {
    if (this.#isInString) {
      const wasEscaped = this.#isEscaped;
      this.#isEscaped = !wasEscaped && byte === CHARACTER["\\"];
      this.#isInString = wasEscaped || byte !== CHARACTER['"'];
      return false;
    }
    switch (byte) {
      case CHARACTER["["]:
      case CHARACTER["{"]:
        if (++this.#depth > DEPTH_MAX) {
          throw wrong(this.#peer, `nested more than ${DEPTH_MAX} deep`);
        }
        break;
      case CHARACTER["]"]:
      case CHARACTER["}"]:
        return --this.#depth <= 0;
      case CHARACTER['"']:
        this.#isInString = true;
    }
    // Only white space may precede the array.
    if (this.#depth === 0 && byte > CHARACTER[" "]) this.#refuseStart();
    return false;
  }

  #refuseStart(): never {
    const text = new TextDecoder().decode(
      this.#received.bytes.subarray(0, 4 * QUOTED_MAX),
    );
    throw wrong(this.#peer, shown(text.trim()));
  }
}

/**
 * Reads the body of Firecracker's handshake as {@linkcode HandshakeReader}
 * does. Returns undefined if it is incomplete.
 *
 * @throws {SourceError} if it is not an array of regions
 */
export function readHandshake(
  bytes: Uint8Array,
  peer: string,
): GuestRegion[] | undefined {
  return new HandshakeReader(peer).add(bytes);
}

function readRegions(bytes: Uint8Array, peer: string): GuestRegion[] {
  const text = new TextDecoder().decode(bytes).trim();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong(peer, shown(text));
  }
  if (!Array.isArray(value)) throw wrong(peer, shown(text));
  if (value.length === 0) throw wrong(peer, "no regions");
  if (value.length > REGIONS_MAX) {
    throw wrong(peer, `${value.length} regions, more than ${REGIONS_MAX}`);
  }
  const regions = value.map((it, index) => readRegion(it, index, peer));
  checkDisjoint(regions, (it) => it.address, peer);
  checkDisjoint(regions, (it) => it.offset, peer);
  return regions;
}

/** Formats a value for a message. */
function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.slice(0, QUOTED_MAX));
  }
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null
    ? "an object"
    : String(value);
}

function readRegion(value: unknown, index: number, peer: string): GuestRegion {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const name = fields["page_size"] === undefined
    ? "page_size_kib"
    : "page_size";
  const region = {
    address: fields["base_host_virt_addr"],
    byteLength: fields["size"],
    offset: fields["offset"],
    pageSize: fields[name],
  };
  for (const [key, it] of Object.entries(region)) {
    if (typeof it === "number" && Number.isSafeInteger(it) && it >= 0) continue;
    throw wrong(peer, `region ${index} with ${key} ${shown(it)}`);
  }
  const read = region as GuestRegion;
  const { address, byteLength, pageSize } = read;
  const isPower = pageSize >= 4096 && pageSize <= PAGE_MAX &&
    Number.isInteger(Math.log2(pageSize));
  const isWhole = isPower && byteLength > 0 && byteLength % pageSize === 0 &&
    address % pageSize === 0;
  if (!isWhole) {
    throw wrong(
      peer,
      `region ${index} of ${byteLength} bytes at ${address} in pages of ` +
        `${pageSize} bytes`,
    );
  }
  return read;
}

function checkDisjoint(
  regions: readonly GuestRegion[],
  startOf: (region: GuestRegion) => number,
  peer: string,
): void {
  const sorted = regions.toSorted((a, b) => startOf(a) - startOf(b));
  sorted.forEach((it, index) => {
    const next = sorted[index + 1];
    if (next !== undefined && startOf(it) + it.byteLength > startOf(next)) {
      throw wrong(peer, "regions that overlap");
    }
  });
}

function wrong(peer: string, found: string): SourceError {
  return new SourceError(
    peer,
    `Cannot serve ${peer}: its handshake is ${found}, expected a JSON array ` +
      "of regions with base_host_virt_addr, size, offset and page_size",
  );
}
