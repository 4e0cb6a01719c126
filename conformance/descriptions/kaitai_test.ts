import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadPackage } from "../proving/testing/load_package.ts";
import { type ExpectedBlock, listVectors } from "../vectors/list_vectors.ts";

const DESCRIPTION = new URL("mapped_ram.ksy", import.meta.url);

/** An entry of the list, as the code that Kaitai makes reads it. */
interface Entry {
  readonly idstr: { readonly value: string };
  readonly usedLength: number;
  readonly pageSize: number;
  readonly bitmapOffset: number;
  readonly pagesOffset: number;
  readonly isIgnored: boolean;
  readonly bitmap: Uint8Array;
  readonly next?: Entry;
}

/** A parser that Kaitai makes. */
type Parser = new (stream: unknown) => {
  readonly configuration: { readonly machine: string };
  readonly ram: { readonly first?: Entry };
};

/** Compiles the description, and evaluates the code. */
async function makeParser(): Promise<
  (bytes: Uint8Array) => Parser["prototype"]
> {
  const { parse } = await loadPackage("yaml", () => import("yaml"));
  const { default: compiler } = await loadPackage(
    "kaitai-struct-compiler",
    () => import("kaitai-struct-compiler"),
  );
  const runtime = await loadPackage(
    "kaitai-struct",
    () => import("kaitai-struct"),
  );
  const { KaitaiStream } = runtime as unknown as {
    readonly KaitaiStream: new (bytes: ArrayBufferLike) => object;
  };
  const description = parse(readFileSync(DESCRIPTION, "utf8"));
  const files = await compiler.compile("javascript", description, null, false);
  const exports: Record<string, Parser> = {};
  new Function("exports", "require", files["MappedRam.js"])(
    exports,
    () => KaitaiStream,
  );
  const { MappedRam } = exports;
  return (bytes) => {
    const { buffer, byteOffset, byteLength } = bytes;
    const view = buffer.slice(byteOffset, byteOffset + byteLength);
    return new MappedRam(new KaitaiStream(view));
  };
}

/** Whether another section comes before the RAM section. */
function startsOtherwise(path: string): boolean {
  return /before-ram|around-ram|largest-sector/.test(path);
}

function runsOf(bitmap: Uint8Array, pageCount: number): [number, number][] {
  const runs: [number, number][] = [];
  for (let page = 0; page < pageCount; page++) {
    if ((bitmap[page >> 3] >> (page & 7) & 1) === 0) continue;
    const last = runs.at(-1);
    if (last?.[1] === page) last[1]++;
    else runs.push([page, page + 1]);
  }
  return runs;
}

function describe(entry: Entry, block: ExpectedBlock): object {
  const { pagesOffset, bitmapOffset, pageSize, usedLength } = entry;
  return {
    idstr: entry.idstr.value,
    usedLength,
    pageSize,
    bitmapOffset,
    pagesOffset,
    ...entry.isIgnored ? { ignored: true } : {},
    presentRuns: entry.isIgnored
      ? []
      : runsOf(entry.bitmap, usedLength / pageSize),
    sha256: block.sha256,
  };
}

test("the description for Kaitai Struct reads every mapped-ram vector", {
  timeout: 300_000,
}, async () => {
  const parse = await makeParser();
  let count = 0;
  for (const { path, expected, unpack } of listVectors()) {
    const { blocks, options, libvirt, machine, capabilities = [] } = expected;
    const isOther = options !== undefined || libvirt !== undefined ||
      !capabilities.includes("mapped-ram") || startsOtherwise(path);
    if (blocks === undefined || isOther) continue;
    const { configuration, ram } = parse(unpack());
    assert.equal(configuration.machine, machine, path);
    const found: object[] = [];
    for (let entry = ram.first; entry !== undefined; entry = entry.next) {
      found.push(describe(entry, blocks[found.length]));
    }
    assert.deepEqual(found, blocks, path);
    count++;
  }
  assert(count > 100, `${count}`);
});
