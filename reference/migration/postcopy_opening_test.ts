import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { ByteWriter } from "../../format/bytes/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { postcopyOpening } from "./postcopy_opening.ts";

/** Items of a stream, each given by its bytes. */
const item = {
  head: (
    type: 1 | 4,
    idstr: string,
    body: Uint8Array,
    { id, version }: { readonly id: number; readonly version: number },
  ) =>
    new ByteWriter().u8(type).be32(id).countedString(idstr).be32(0)
      .be32(version).bytes(body).u8(0x7e).be32(id).finish(),
  rest: (type: 2 | 3, id: number, body: Uint8Array) =>
    new ByteWriter().u8(type).be32(id).bytes(body).u8(0x7e).be32(id).finish(),
};

/** The START of a RAM section without RAMBlocks, and its END. */
const NO_BLOCKS = new ByteWriter().be64(4).be64(0x10).finish();
const RAM_START = item.head(1, "ram", NO_BLOCKS, { id: 1, version: 4 });
const RAM_END = item.rest(3, 1, new ByteWriter().be64(0x10).finish());

/** A stream of these items, with a vmdesc of the early device. */
function streamOf(items: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter().text("QEVM").be32(3)
    .u8(7).be32(4).text("none")
    .u8(5).countedString("configuration/capabilities").be32(1)
    .be32(1).countedString("mapped-ram");
  for (const bytes of items) writer.bytes(bytes);
  const text = '{"devices":[{"name":"early","instance_id":0,"size":12}]}';
  return writer.u8(0).u8(6).be32(text.length).text(text).finish();
}

/** Everything sent before the first page. */
async function openingOf(
  bytes: Uint8Array,
  { dirtyBitmaps = true } = {},
): Promise<Buffer> {
  const snapshot = await openSnapshot(memorySource(bytes));
  const pieces: Uint8Array[] = [];
  const options = { dirtyBitmaps, commonPageSize: 4096 };
  for await (const piece of postcopyOpening(snapshot, [], options)) {
    pieces.push(piece.slice());
  }
  return Buffer.concat(pieces);
}

/** Words of storage attributes: a byte of page 3, and the end of a body. */
const ATTRIBUTE = [0, 0, 0, 0, 0, 0, 0x30, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0xab];
const EOS = [0, 0, 0, 0, 0, 0, 0, 1];

function attributes(id: number): Uint8Array[] {
  const body = Uint8Array.from([...ATTRIBUTE, ...EOS]);
  return [
    item.head(1, "s390-storage_attributes", Uint8Array.from(EOS), {
      id,
      version: 0,
    }),
    item.rest(2, id, body),
    item.rest(3, id, body),
  ];
}

const EARLY = item.head(4, "early", new Uint8Array(12).fill(3), {
  id: 7,
  version: 1,
});
test("postcopyOpening() sends every section except RAM's, in file order", async () => {
  const [start, part, end] = attributes(6);
  const bitmaps = [
    item.head(1, "dirty-bitmap", Uint8Array.of(1), { id: 9, version: 1 }),
    item.rest(3, 9, Uint8Array.of(1)),
  ];
  const orders = [
    [EARLY, RAM_START, start, ...bitmaps, part, end, RAM_END],
    [RAM_START, start, ...bitmaps, EARLY, part, end, RAM_END],
    [start, EARLY, RAM_START, ...bitmaps, RAM_END, part, end],
  ];
  for (const order of orders) {
    const opening = await openingOf(streamOf(order));
    let last = 0;
    for (const bytes of order) {
      // RAM's START has other bytes, and its END comes after the pages.
      if (bytes === RAM_START || bytes === RAM_END) continue;
      const at = opening.indexOf(bytes);
      assert(at > last, `item ${order.indexOf(bytes)} is not in its place`);
      last = at;
    }
    const without = await openingOf(streamOf(order), {
      dirtyBitmaps: false,
    });
    assert(!without.includes("dirty-bitmap"));
    assert(without.indexOf(part) > 0 && without.indexOf(end) > 0);
  }
});
