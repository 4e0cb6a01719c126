import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { entryOf } from "../testing/ram_setup.ts";
import {
  HEADER,
  item,
  RAM_END,
  RAM_START,
  stream,
} from "../testing/stream_bytes.ts";
import { indexSnapshot } from "./index_snapshot.ts";
import type { SnapshotIndex } from "./snapshot_index.ts";

function index(bytes: Uint8Array): SnapshotIndex {
  const file = new ByteFile(bytes);
  return file.run(indexSnapshot(file));
}

test("indexSnapshot() skips early sections by the vmdesc at the end", () => {
  const early = item.head(4, "early", new Uint8Array(12).fill(3), { id: 7 });
  const tail = new ByteWriter().u8(0).bytes(
    item.vmdesc({ name: "early", instance_id: 0, fields: [{ size: 12 }] }),
  ).finish();
  const bytes = stream(early, RAM_START, early, item.rest(2), RAM_END, tail);
  const file = new ByteFile(bytes);
  const found = file.run(indexSnapshot(file));
  assert.deepEqual(
    found.earlySections.map(({ range }) => range),
    [
      { offset: HEADER.length, length: early.length },
      {
        offset: HEADER.length + early.length + RAM_START.length,
        length: early.length,
      },
    ],
  );
  // The vmdesc is searched for once: the head, a window of the end, its text.
  assert.equal(file.requests.length, 3);
});

test("indexSnapshot() opens a file of any size in few reads, whatever precedes the RAM", () => {
  const early = item.head(4, "early", new Uint8Array(90), { id: 7 });
  const pagesOffset = 0x100000;
  for (const usedLength of [2 ** 28, 2 ** 30, 2 ** 40]) {
    const list = new ByteWriter().be64(usedLength + 4).bytes(
      entryOf({ usedLength, pageSize: 0x100000, pagesOffset }).finish(),
    ).finish();
    const head = stream(early, item.head(1, "ram", list));
    // The pages start where this section has its footer.
    const footer = head.length - 5;
    const tail = new ByteWriter().be64(0x10).u8(0x7e).be32(1).bytes(early)
      .bytes(RAM_END).u8(0).bytes(
        item.vmdesc({
          name: "early",
          instance_id: 0,
          fields: [{ size: 90 }],
          filling: "x".repeat(200_000),
        }),
      ).finish();
    const byteLength = pagesOffset + usedLength + tail.length;
    const file = new ByteFile(head.subarray(0, footer), byteLength, { tail });
    const { blocks, earlySections } = file.run(indexSnapshot(file));
    assert.equal(blocks[0]?.usedLength, usedLength);
    assert.equal(earlySections.length, 2);
    assert(file.requests.length <= 8, `${file.requests.length} reads`);
    const asked = file.requests.reduce((sum, { length }) => sum + length, 0);
    assert(asked < 1_000_000, `${asked} bytes`);
  }
});

test("indexSnapshot() finds the vmdesc after the pages when much data follows the stream", () => {
  const bodies = [
    new Uint8Array(90),
    Uint8Array.of(1, 0x7e, 0, 0, 0, 7, 9, 9),
    new Uint8Array(300_000).fill(0x7e),
  ];
  for (const body of bodies) {
    const early = item.head(4, "early", body, { id: 7 });
    const size = body.length;
    const described = { name: "early", instance_id: 0, size };
    for (const after of [[], [early]]) {
      const bytes = stream(
        ...[early, RAM_START, ...after, RAM_END, item.eof()],
        item.vmdesc(described),
      );
      const file = new ByteFile(bytes, 2 ** 38);
      const { earlySections } = file.run(indexSnapshot(file));
      assert.equal(earlySections.length, 1 + after.length);
      assert.equal(earlySections[0]?.range.length, early.length);
    }
  }
});

test("indexSnapshot() accepts no footer that contradicts the vmdesc", () => {
  const body = Uint8Array.of(1, 0x7e, 0, 0, 0, 7, 4, 9, 9, 9, 9, 9, 9, 9, 9, 9);
  const early = item.head(4, "early", body, { id: 7 });
  for (
    const [bytes, size] of [
      [stream(early, RAM_START, RAM_END), body.length],
      [
        stream(item.head(4, "early", new Uint8Array(9)), RAM_START, RAM_END),
        8,
      ],
    ] as const
  ) {
    const described = { name: "early", instance_id: 0, size };
    const writer = new ByteWriter().bytes(bytes).u8(0)
      .bytes(item.vmdesc(described));
    const file = new ByteFile(writer.finish(), 2 ** 38);
    assert.throws(() => file.run(indexSnapshot(file)), {
      name: "UnsupportedError",
      rule: "section-known",
      offset: HEADER.length,
    });
  }
});

test("indexSnapshot() does not search pages for a missing vmdesc", () => {
  const usedLength = 2 ** 40;
  const early = item.head(4, "early", new Uint8Array(90), { id: 7 });
  const list = new ByteWriter().be64(usedLength + 4).bytes(
    entryOf({ usedLength, pageSize: 0x100000, pagesOffset: 0x100000 }).finish(),
  ).finish();
  const head = stream(early, item.head(1, "ram", list));
  const tail = new ByteWriter().be64(0x10).u8(0x7e).be32(1).bytes(RAM_END)
    .finish();
  const pagesEnd = 0x100000 + usedLength;
  const file = new ByteFile(
    head.subarray(0, head.length - 5),
    pagesEnd + tail.length,
    { tail },
  );
  assert.throws(() => file.run(indexSnapshot(file)), { rule: "section-known" });
  const asked = file.requests.reduce((sum, { length }) => sum + length, 0);
  assert(asked < 0x4800000, `${asked} bytes`);
  assert(file.requests.length < 100, `${file.requests.length} reads`);
});

test("indexSnapshot() uses the vmdesc that agrees with the footer of a section", () => {
  const early = item.head(4, "early", new Uint8Array(90), { id: 7 });
  const described = (size: number) => [
    item.eof(),
    item.vmdesc({ name: "early", instance_id: 0, size }),
  ];
  for (
    const others of [
      [described(89), described(90), described(91)],
      [described(90), described(2 ** 40), described(0)],
      [described(90), [item.eof(), item.vmdesc()]],
    ]
  ) {
    const found = index(stream(early, RAM_START, RAM_END, ...others.flat()));
    assert.equal(found.earlySections[0]?.range.length, early.length);
  }
});

test("indexSnapshot() cannot skip an early section without a vmdesc", () => {
  const early = item.head(4, "early", new Uint8Array(12));
  assert.throws(() => index(stream(early, RAM_START, RAM_END)), {
    name: "UnsupportedError",
    rule: "section-known",
    offset: HEADER.length,
  });
});

test("indexSnapshot() refuses an early section that does not fit in the file", () => {
  const early = item.head(4, "early", new Uint8Array(12));
  for (const size of [1000, Number.MAX_SAFE_INTEGER]) {
    const tail = new ByteWriter().u8(0).bytes(
      item.vmdesc({ name: "early", instance_id: 0, size }),
    ).finish();
    assert.throws(() => index(stream(early, tail)), {
      name: "FormatError",
      rule: "file-truncated",
      offset: HEADER.length + 19,
    });
  }
  // If it takes all the rest, its footer is missing.
  const vmdesc = item.vmdesc({ name: "early", instance_id: 0, size: 100 });
  const bytes = stream(early, item.eof(), vmdesc, new Uint8Array(100));
  const end = HEADER.length + 19 + 100;
  assert.throws(() => index(bytes.subarray(0, end)), {
    name: "FormatError",
    rule: "file-truncated",
    offset: end,
  });
});
