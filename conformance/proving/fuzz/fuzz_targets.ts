import {
  memorySink,
  memorySource,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
  saveSnapshot,
  type SyncByteSource,
  verifySnapshot,
} from "../../../mod.ts";
import {
  detectFormat,
  deviceStates,
  dirtyBitmaps,
  openElfCore,
  openLime,
  openSequential,
  readLibvirtHeader,
  readLibvirtTexts,
} from "../../../reference/doors/convert.ts";
import { readProfile } from "../../../reference/doors/qemu.ts";
import { readHandshake } from "../../../reference/firecracker/handshake.ts";

import { readQcow2 } from "./read_qcow2.ts";
import type { TEXT_SEEDS } from "./fuzz_seeds.ts";

/** A parser to run on untrusted bytes. */
export interface FuzzTarget {
  readonly name: string;
  /** Kind of its input: a file of the suite's vectors, an image, or a text. */
  readonly input: "snapshot" | "qcow2" | keyof typeof TEXT_SEEDS;
  /** Bytes that it may allocate besides: for what it unpacks. Default: 0. */
  readonly unpacked?: number;
  readonly run: (source: SyncByteSource, bytes: Uint8Array) => Promise<unknown>;
}

const PAGES_READ = 4;
const HANDSHAKE_PARTS = 4;
/** Nesting of values up to which a vmdesc must be read. */
const VMDESC_DEPTH = 256;

/** Every parser of untrusted input; a new one needs one line here. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  { name: "walk", input: "snapshot", run: walk },
  { name: "verify", input: "snapshot", run: (it) => verifySnapshot(it) },
  { name: "vmdesc", input: "snapshot", run: readDevices },
  { name: "dirty-bitmaps", input: "snapshot", run: readDirtyBitmaps },
  { name: "records", input: "snapshot", run: readRecords },
  { name: "libvirt", input: "snapshot", run: readLibvirt },
  { name: "detect", input: "snapshot", run: (it) => detectFormat(it) },
  { name: "elf", input: "snapshot", run: (it) => openElfCore(it) },
  { name: "lime", input: "snapshot", run: (it) => openLime(it) },
  { name: "qcow2", input: "qcow2", run: readQcow2, unpacked: 2 ** 25 },
  { name: "profile", input: "profile", run: readAProfile },
  { name: "vmdesc-text", input: "vmdesc", run: scanText },
  { name: "http", input: "http", run: readHttp },
  { name: "handshake", input: "handshake", run: readAHandshake },
];

/** Opens, lists the runs, and reads a few pages of each RAMBlock. */
function walk(source: SyncByteSource): Promise<void> {
  const snapshot = openSnapshotSync(source);
  for (const block of snapshot.blocks.slice(0, 200)) {
    if (block.ignored) continue;
    const pages = new Set<number>();
    for (const { first, end } of block.presentRunsSync()) {
      if (end > block.pageCount || first >= end) {
        throw new Error(`Run ${first} to ${end} of ${block.pageCount} pages`);
      }
      if (pages.size < PAGES_READ) pages.add(first).add(end - 1);
      if (end < block.pageCount && pages.size < PAGES_READ) pages.add(end);
    }
    for (const page of pages) {
      const bytes = block.readPageSync(page);
      const present = block.hasPageSync(page);
      if (!present && bytes.some((value) => value !== 0)) {
        throw new Error(`Page ${page} is absent but not zero`);
      }
    }
  }
  return Promise.resolve();
}

async function readDevices(source: SyncByteSource): Promise<void> {
  const snapshot = await openSnapshot(source);
  for await (const _ of deviceStates(snapshot)) {
    // Only its errors matter.
  }
}

async function readDirtyBitmaps(source: SyncByteSource): Promise<void> {
  const snapshot = await openSnapshot(source);
  let last = 0;
  await dirtyBitmaps(snapshot, {
    onDirty: (bitmap, { offset, length }) => {
      if (length <= 0) throw new Error(`An empty run of ${bitmap.name}`);
      last = offset + length;
    },
  });
  if (!Number.isSafeInteger(last)) {
    throw new Error(`A run that ends at ${last}`);
  }
}

async function readRecords(source: SyncByteSource): Promise<void> {
  using stream = await openSequential(source);
  for (const block of stream.blocks) {
    for (const page of [0, block.pageCount - 1]) {
      if (page >= 0) await block.readPage(page);
    }
  }
}

async function readLibvirt(source: SyncByteSource): Promise<void> {
  const header = await readLibvirtHeader(source);
  if (header !== undefined) await readLibvirtTexts(source, header);
}

function readAProfile(_: SyncByteSource, bytes: Uint8Array): Promise<void> {
  readProfile(new TextDecoder().decode(bytes));
  return Promise.resolve();
}

/** Makes a file without RAMBlocks, up to its EOF item. */
async function upToEof(): Promise<Uint8Array> {
  const sink = memorySink();
  await saveSnapshot(sink, []);
  const bytes = sink.bytes();
  const snapshot = await openSnapshot(memorySource(bytes));
  const { eofOffset = 0 } = await snapshot.deviceState();
  return bytes.subarray(0, eofOffset + 1);
}

const EMPTY = upToEof();

/** Compares the scan of a vmdesc with `JSON.parse`; nothing may throw. */
async function scanText(_: SyncByteSource, bytes: Uint8Array): Promise<void> {
  const empty = await EMPTY;
  const file = new Uint8Array(empty.length + 5 + bytes.length);
  file.set(empty);
  new DataView(file.buffer).setUint32(empty.length + 1, bytes.length);
  file[empty.length] = 6;
  file.set(bytes, empty.length + 5);
  const snapshot = await openSnapshot(memorySource(file));
  const found = (await snapshot.deviceState()).vmdesc;
  for (const idstr of ["dev", "cpu"]) {
    found?.devices.stateLength(idstr, 0);
    found?.devices.description(idstr, 0);
  }
  let expected: boolean;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
    const value: unknown = JSON.parse(text);
    expected = typeof value === "object" && value !== null &&
      "devices" in value && Array.isArray(value.devices);
  } catch {
    expected = false;
  }
  // JSON.parse does not limit the nesting of values.
  const isRight = found !== undefined === expected ||
    found === undefined && depthOf(bytes) > VMDESC_DEPTH;
  if (!isRight) throw new Error(`It is ${expected ? "a" : "no"} vmdesc`);
}

/** Returns the maximum nesting of brackets, including those in strings. */
function depthOf(bytes: Uint8Array): number {
  let [depth, deepest] = [0, 0];
  for (const byte of bytes) {
    // In ASCII, brackets and braces differ only in the case bit.
    if ((byte | 0x20) === 0x7b) deepest = Math.max(deepest, ++depth);
    else if ((byte | 0x20) === 0x7d) depth--;
  }
  return deepest;
}

/** Reads a handshake in parts, as from a socket, and checks the regions. */
function readAHandshake(_: SyncByteSource, bytes: Uint8Array): Promise<void> {
  const step = Math.max(1, Math.ceil(bytes.length / HANDSHAKE_PARTS));
  for (let end = step; end < bytes.length + step; end += step) {
    const regions = readHandshake(bytes.subarray(0, end), "a VM");
    if (regions === undefined) continue;
    const sorted = regions.toSorted((a, b) => a.address - b.address);
    let last = 0n;
    for (const { address, byteLength, offset, pageSize } of sorted) {
      const numbers = [address, byteLength, offset, pageSize];
      const isWhole = numbers.every((it) => Number.isSafeInteger(it)) &&
        offset >= 0 && byteLength > 0 && pageSize >= 4096 &&
        address % pageSize === 0 && byteLength % pageSize === 0;
      if (!isWhole || BigInt(address) < last) {
        throw new Error(`A region of ${numbers.join(", ")}`);
      }
      last = BigInt(address) + BigInt(byteLength);
    }
    if (regions.length === 0) throw new Error("No regions");
    return Promise.resolve(); // The handshake is complete.
  }
  return Promise.resolve();
}

/**
 * Reads from a server whose response to each request is made of the bytes:
 * status, headers up to an empty line, body.
 */
async function readHttp(_: SyncByteSource, bytes: Uint8Array): Promise<void> {
  const text = new TextDecoder("latin1").decode(bytes);
  const at = text.indexOf("\n\n");
  const head = at < 0 ? text : text.slice(0, at);
  const [status = "", ...lines] = head.split("\n");
  const body = bytes.slice(at < 0 ? bytes.length : at + 2);
  const source = await openHttpSource("http://fuzz.invalid/vm.mr", {
    retries: 0,
    timeout: 5000,
    fetch: () => Promise.resolve(responseOf(status, lines, body)),
  });
  const length = Math.min(source.byteLength, 5000);
  const target = new Uint8Array(length);
  await source.readInto(target, source.byteLength - length);
}

function responseOf(
  status: string,
  lines: readonly string[],
  body: Uint8Array<ArrayBuffer>,
): Response {
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    try {
      headers.append(line.slice(0, colon), line.slice(colon + 1));
    } catch {
      // A real fetch would not return such a header either.
    }
  }
  const code = Number(status);
  const good = Number.isInteger(code) && code >= 200 && code <= 599;
  const empty = [204, 205, 304].includes(code);
  return new Response(empty ? null : body, {
    status: good ? code : 206,
    headers,
  });
}
