import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { entryOf } from "../testing/ram_setup.ts";
import {
  HEADER,
  item,
  NO_BLOCKS,
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

const dirtyBitmaps = (body: number[]) => Uint8Array.from(body);
const START_BITMAPS = item.head(1, "dirty-bitmap", dirtyBitmaps([1]), {
  id: 2,
  version: 1,
});

test("indexSnapshot() stops after the footer of RAM's END", () => {
  const bytes = stream(RAM_START, RAM_END);
  const extended = new Uint8Array(bytes.length + 50).fill(0xff);
  extended.set(bytes);
  const found = index(extended);
  assert.equal(found.ramEnd, bytes.length);
  assert.equal(found.configuration.machine, "none");
  assert.deepEqual(found.ramSection, {
    sectionId: 1,
    idstr: "ram",
    instanceId: 0,
    versionId: 4,
  });
  const start = HEADER.length + 17;
  assert.deepEqual(found.ramSetup, { offset: start, length: 16 });
  assert.equal(found.streamOffset, 0);
  assert.equal(found.ramPartCount, 0);
});

test("indexSnapshot() starts at the given offset", () => {
  const bytes = new ByteWriter().bytes(new Uint8Array(1000))
    .bytes(stream(RAM_START, RAM_END)).finish();
  const file = new ByteFile(bytes);
  const found = file.run(indexSnapshot(file, { offset: 1000 }));
  assert.equal(found.ramSetup.offset, 1000 + HEADER.length + 17);
  assert.equal(found.streamOffset, 1000);
  assert.throws(() => index(bytes), { rule: "stream-magic", offset: 0 });
  assert.throws(() => file.run(indexSnapshot(file, { offset: 2000 })), {
    rule: "file-truncated",
    offset: 2000,
  });
});

test("indexSnapshot() returns the header of the libvirt image around a stream", () => {
  const image = new ByteWriter().text("LibvirtQemudSave")
    .bytes(Uint8Array.of(2, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0))
    .bytes(new Uint8Array(60)).text("<domain/>\0")
    .bytes(stream(RAM_START, RAM_END));
  const found = index(image.finish());
  assert.equal(found.streamOffset, 102);
  assert.equal(found.libvirt?.format, "sparse");
  assert.equal(found.libvirt.streamOffset, 102);
  assert.equal(index(stream(RAM_START, RAM_END)).libvirt, undefined);
});

test("indexSnapshot() finds RAM by its idstr, whatever its section_id", () => {
  for (const id of [0, 3, 2 ** 32 - 1]) {
    const start = item.head(1, "ram", NO_BLOCKS, { id });
    const found = index(stream(start, item.rest(2, id), item.rest(3, id)));
    assert.equal(found.ramSection.sectionId, id);
    assert.equal(found.ramPartCount, 1);
  }
});

test("indexSnapshot() skips commands and dirty bitmaps anywhere", () => {
  const command = item.command(11, 0);
  const found = index(stream(
    command,
    START_BITMAPS,
    RAM_START,
    command,
    item.rest(2, 2, dirtyBitmaps([1])),
    item.rest(2),
    item.rest(3, 2, dirtyBitmaps([0x20, 1])),
    command,
    item.rest(2),
    RAM_END,
  ));
  assert.equal(found.ramPartCount, 2);
  assert.equal(found.started.size, 2);
});

test("indexSnapshot() cannot read an unknown iterable section", () => {
  const others: [string, number][] = [
    ["block", 1],
    ["RAM", 4],
    ["dirty-bitmap", 2],
    ["dirty-bitmap", 0],
  ];
  for (const [idstr, version] of others) {
    const start = item.head(1, idstr, NO_BLOCKS, { version });
    assert.throws(() => index(stream(start)), {
      name: "UnsupportedError",
      rule: "section-known",
      offset: HEADER.length,
    });
  }
});

test("indexSnapshot() refuses a second RAM section", () => {
  const second = item.head(1, "ram", NO_BLOCKS, { id: 2 });
  assert.throws(() => index(stream(RAM_START, second)), {
    rule: "ram-section-unique",
    offset: HEADER.length + RAM_START.length,
  });
});

test("indexSnapshot() refuses a stream without RAM, or without its END", () => {
  const eof = item.eof();
  assert.throws(() => index(stream()), {
    rule: "ram-section-present",
    offset: HEADER.length,
  });
  assert.throws(() => index(stream(eof, RAM_START, RAM_END)), {
    rule: "ram-section-present",
    offset: HEADER.length,
  });
  const offset = HEADER.length + RAM_START.length;
  // QEMU takes one that has its EOF item as complete; it can be repaired.
  const cases = [[[], /the RAM section \(/], [[eof], /; convert --repair /]];
  for (const [rest, message] of cases as [Uint8Array[], RegExp][]) {
    assert.throws(() => index(stream(RAM_START, ...rest)), {
      rule: "ram-end-present",
      offset,
      message,
    });
  }
});

test("indexSnapshot() refuses a RAM body that is not empty", () => {
  const body = new Uint8Array(8);
  for (const type of [2, 3] as const) {
    assert.throws(() => index(stream(RAM_START, item.rest(type, 1, body))), {
      rule: "ram-body-empty",
      offset: HEADER.length + RAM_START.length + 5,
    });
  }
});

test("indexSnapshot() reads 100,000 PARTs in few requests", () => {
  const part = item.rest(2);
  const parts = new Uint8Array(100_000 * part.length);
  for (let at = 0; at < parts.length; at += part.length) parts.set(part, at);
  const file = new ByteFile(stream(RAM_START, parts, RAM_END));
  assert.equal(file.run(indexSnapshot(file)).ramPartCount, 100_000);
  assert(file.requests.length < 15);
});

test("indexSnapshot() makes one small request for each RAMBlock", () => {
  const count = 50;
  const length = count * 0x10000;
  const bytes = new Uint8Array(length + 1000);
  const head = new ByteWriter().bytes(HEADER).u8(1).be32(1)
    .countedString("ram").be32(0).be32(4).be64(count * 0x1000 + 4).finish();
  bytes.set(head);
  let at = head.length;
  for (let number = 0; number < count; number++) {
    const pagesOffset = (number + 1) * 0x10000 - 0x1000;
    bytes.set(
      entryOf({
        idstr: `block ${number}`,
        usedLength: 0x1000,
        pagesOffset,
        bitmapOffset: pagesOffset - 0x100,
      }).finish(),
      at,
    );
    at = pagesOffset + 0x1000;
  }
  const tail = new ByteWriter().be64(0x10).u8(0x7e).be32(1).bytes(RAM_END);
  bytes.set(tail.finish(), at);
  const file = new ByteFile(bytes);
  assert.equal(file.run(indexSnapshot(file)).blocks.length, count);
  assert(file.requests.length <= count + 2);
  const asked = file.requests.reduce((sum, it) => sum + it.length, 0);
  assert(asked < 500 * (count + 10));
});
