import { SourceError } from "../../mod.ts";

/** A region of a guest's memory, as Firecracker tells of it. */
export interface GuestRegion {
  /** Its address in Firecracker. */
  readonly address: number;
  /** Its size in bytes. */
  readonly byteLength: number;
  /** Where it begins in the guest's memory as a whole. */
  readonly offset: number;
  /** Bytes of a page of it. */
  readonly pageSize: number;
}

/** More than this no list of regions is. */
export const HANDSHAKE_MAX = 0x100000;
const PAGE_MAX = 0x40000000;

/**
 * Reads the body of Firecracker's handshake, a JSON array of regions. Undefined
 * if it is not all there, as far as can be seen. Fields that are not known are
 * passed over; `page_size_kib`, of old versions, is in bytes as `page_size` is.
 *
 * @throws {SourceError} if it is something else
 */
export function readHandshake(
  bytes: Uint8Array,
  peer: string,
): GuestRegion[] | undefined {
  if (bytes.length > HANDSHAKE_MAX) {
    throw wrong(peer, `more than ${HANDSHAKE_MAX} bytes`);
  }
  const text = new TextDecoder().decode(bytes).trim();
  if (text === "") return undefined;
  if (!text.startsWith("[")) {
    throw wrong(peer, JSON.stringify(text.slice(0, 40)));
  }
  if (!text.endsWith("]")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // A bracket inside may end what came so far.
  }
  if (!Array.isArray(value) || value.length === 0) {
    throw wrong(peer, "no regions");
  }
  const regions = value.map((it, index) => readRegion(it, index, peer));
  checkDisjoint(regions, peer);
  return regions;
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
    throw wrong(peer, `region ${index} with ${key} ${JSON.stringify(it)}`);
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

function checkDisjoint(regions: readonly GuestRegion[], peer: string): void {
  const sorted = regions.toSorted((a, b) => a.address - b.address);
  sorted.forEach((it, index) => {
    const next = sorted[index + 1];
    if (next !== undefined && it.address + it.byteLength > next.address) {
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
