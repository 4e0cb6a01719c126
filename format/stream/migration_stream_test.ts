import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ByteFile } from "../testing/byte_file.ts";
import {
  readItem,
  readStreamHeader,
  type Section,
  type StreamItem,
  writeSectionFooter,
  writeSectionHead,
  writeStreamHeader,
} from "./migration_stream.ts";
import { StreamReader } from "./stream_reader.ts";

const SECTION: Section = {
  sectionId: 3,
  idstr: "timer",
  instanceId: 1,
  versionId: 2,
};

/** Reads all items; each body has four bytes. */
function readItems(bytes: Uint8Array): StreamItem[] {
  const file = new ByteFile(bytes);
  const reader = new StreamReader(file, 0);
  const started = new Map<number, Section>();
  const items: StreamItem[] = [];
  do {
    items.push(file.run(readItem(reader, started, function* () {
      yield* reader.fetch(4);
      reader.bytes(4, "the body");
    })));
  } while (!["eof", "end-of-file"].includes(items.at(-1)!.kind));
  return items;
}

/** Makes a section item with a body of four bytes. */
function item(type: number, section = SECTION): ByteWriter {
  const writer = new ByteWriter();
  if (type === 1 || type === 4) {
    writeSectionHead(writer, { ...section, type });
  } else writer.u8(type).be32(section.sectionId);
  writer.be32(0);
  writeSectionFooter(writer, section);
  return writer;
}

function join(...writers: ByteWriter[]): Uint8Array {
  const writer = new ByteWriter();
  for (const it of writers) writer.bytes(it.finish());
  return writer.finish();
}

function readHeader(bytes: Uint8Array): void {
  const file = new ByteFile(bytes);
  file.run(readStreamHeader(new StreamReader(file, 0)));
}

test("readStreamHeader() accepts magic and version 3", () => {
  const writer = new ByteWriter();
  writeStreamHeader(writer);
  assert.deepEqual(
    [...writer.finish()],
    [0x51, 0x45, 0x56, 0x4d, 0, 0, 0, 3],
  );
  readHeader(writer.finish());
});

test("readStreamHeader() refuses a magic with a wrong byte", () => {
  for (let wrong = 0; wrong < 4; wrong++) {
    const bytes = new ByteWriter().text("QEVM").be32(3).finish();
    bytes[wrong] ^= 1;
    assert.throws(() => readHeader(bytes), {
      name: "FormatError",
      rule: "stream-magic",
      offset: 0,
    });
  }
});

test("readStreamHeader() refuses older versions and cannot read newer ones", () => {
  const bytesOf = (version: number) =>
    new ByteWriter().text("QEVM").be32(version).finish();
  for (const version of [0, 1, 2]) {
    assert.throws(() => readHeader(bytesOf(version)), {
      name: "FormatError",
      rule: "stream-version",
      offset: 4,
    });
  }
  for (const version of [4, 0x03000000, 0xffffffff]) {
    assert.throws(() => readHeader(bytesOf(version)), {
      name: "UnsupportedError",
      rule: "stream-version",
      offset: 4,
    });
  }
});

test("readItem() reads a section's parts, each with the identity in its START", () => {
  const start = item(1);
  const part = item(2);
  const items = readItems(
    join(start, part, item(3), item(4, { ...SECTION, sectionId: 9 })),
  );
  assert.deepEqual(
    items.map(({ kind }) => kind),
    ["start", "part", "end", "full", "end-of-file"],
  );
  const sections = items.map((it) => "section" in it ? it.section : undefined);
  assert.deepEqual(sections[0], SECTION);
  assert.equal(sections[1], sections[0]);
  assert.equal(sections[2], sections[0]);
  assert.equal(sections[3]?.sectionId, 9);
  assert.deepEqual(items[1].range, {
    offset: start.length,
    length: part.length,
  });
});

test("readItem() lets FULL sections share a section_id", () => {
  assert.equal(readItems(join(item(1), item(4), item(4))).length, 4);
});

test("readItem() distinguishes an EOF item from the end of the file", () => {
  const bytes = new Uint8Array([0]);
  assert.deepEqual(readItems(bytes), [
    { kind: "eof", range: { offset: 0, length: 1 } },
  ]);
  assert.deepEqual(readItems(new Uint8Array(0)), [
    { kind: "end-of-file", range: { offset: 0, length: 0 } },
  ]);
});

test("readItem() refuses every other type", () => {
  const known = [0, 1, 2, 3, 4, 8];
  for (let type = 0; type <= 0xff; type++) {
    if (known.includes(type)) continue;
    const bytes = new Uint8Array(300);
    bytes[0] = type;
    assert.throws(() => readItems(bytes), {
      name: "FormatError",
      rule: "item-type",
      offset: 0,
    });
  }
});

test("readItem() refuses a PART or END without a START", () => {
  const other = { ...SECTION, sectionId: 0 };
  for (const type of [2, 3]) {
    const start = item(1);
    assert.throws(() => readItems(join(start, item(type, other))), {
      rule: "section-id",
      offset: start.length + 1,
    });
    // A FULL section announces nothing.
    assert.throws(() => readItems(join(item(4), item(type))), {
      rule: "section-id",
    });
  }
});

test("readItem() refuses a second START of a section_id", () => {
  const start = item(1);
  assert.throws(
    () => readItems(join(start, item(1, { ...SECTION, idstr: "other" }))),
    { rule: "section-id", offset: start.length + 1 },
  );
});

test("readItem() refuses a missing footer, or that of another section", () => {
  const footerOffset = item(4).length - 5;
  const cases = [
    [0, 0, "the byte 0x0"],
    [0, 0x7f, "the byte 0x7f"],
    [1, 1, "a footer of section 16777219"],
    [4, 4, "a footer of section 4"],
  ] as const;
  for (const [at, value, found] of cases) {
    const bytes = item(4).finish();
    bytes[footerOffset + at] = value;
    assert.throws(() => readItems(bytes), {
      name: "FormatError",
      rule: "section-footer",
      offset: footerOffset,
      found,
    });
  }
});

test("readItem() refuses an item cut at any byte", () => {
  for (const type of [1, 4]) {
    const bytes = item(type).finish();
    for (let length = 1; length < bytes.length; length++) {
      assert.throws(() => readItems(bytes.subarray(0, length)), {
        name: "FormatError",
        rule: "file-truncated",
      });
    }
  }
});

test("readItem() reads the longest header", () => {
  const section = {
    ...SECTION,
    idstr: "x".repeat(255),
    sectionId: 2 ** 32 - 1,
  };
  const items = readItems(join(item(1, section), item(3, section)));
  assert.deepEqual((items[1] as { section: Section }).section, section);
  // At any position in a window.
  for (let start = 0; start <= 384; start++) {
    const file = new ByteFile(
      join(new ByteWriter().bytes(new Uint8Array(start)), item(4, section)),
    );
    const reader = new StreamReader(file, 0);
    file.run(reader.fetch(1));
    reader.seek(start);
    const found = file.run(readItem(reader, new Map(), function* () {
      yield* reader.fetch(4);
      reader.bytes(4, "the body");
    }));
    assert.deepEqual((found as { section: Section }).section, section);
  }
});
