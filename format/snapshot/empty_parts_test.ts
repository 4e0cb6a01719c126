import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamReader } from "../stream/stream_reader.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { type EmptyPart, emptyPartsOf, skipEmptyParts } from "./empty_parts.ts";

function sectionOf(idstr: string, versionId: number, sectionId = 2) {
  return { sectionId, idstr, instanceId: 0, versionId };
}

const RAM = [2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x7e, 0, 0, 0, 2];
const BITMAP = [2, 0, 0, 0, 9, 1, 0x7e, 0, 0, 0, 9];

test("emptyPartsOf() knows the empty PARTs of RAM and of dirty bitmaps", () => {
  const ram = sectionOf("ram", 4), bitmap = sectionOf("dirty-bitmap", 1, 9);
  assert.deepEqual(emptyPartsOf(ram, "mapped-ram"), [
    { section: ram, bytes: Uint8Array.from(RAM) },
  ]);
  const inline = [2, 0, 0, 0, 2, 0x7e, 0, 0, 0, 2];
  assert.deepEqual(emptyPartsOf(ram, "fixed-ram-inline"), [
    { section: ram, bytes: Uint8Array.from(inline) },
  ]);
  assert.deepEqual(emptyPartsOf(bitmap, "mapped-ram"), [
    { section: bitmap, bytes: Uint8Array.from(BITMAP) },
  ]);
});

test("emptyPartsOf() knows no other section, and no other version", () => {
  for (
    const section of [
      sectionOf("dirty-bitmap", 2),
      sectionOf("dirty-bitmap", 0),
      sectionOf("spapr/htab", 2),
      sectionOf("s390-storage_attributes", 1),
      sectionOf("ram2", 4),
    ]
  ) assert.deepEqual(emptyPartsOf(section, "mapped-ram"), []);
});

/** Skips in available bytes; returns what was visited, and where it stops. */
function skip(bytes: readonly number[], parts: readonly EmptyPart[]) {
  const file = new ByteFile(Uint8Array.from([9, 9, ...bytes]));
  const reader = new StreamReader(file, 2);
  file.run(reader.fetch(bytes.length));
  const visited: [string, number][] = [];
  skipEmptyParts(reader, parts, ({ section }, offset) => {
    visited.push([section.idstr, offset]);
  });
  return { visited, stop: reader.offset };
}

test("skipEmptyParts() skips the empty PARTs that come next", () => {
  const parts = [
    ...emptyPartsOf(sectionOf("ram", 4), "mapped-ram"),
    ...emptyPartsOf(sectionOf("dirty-bitmap", 1, 9), "mapped-ram"),
  ];
  const both = [...RAM, ...BITMAP, ...RAM];
  const visited = [["ram", 2], ["dirty-bitmap", 20], ["ram", 31]];
  for (const rest of [[], [2], RAM.slice(0, -1), RAM.with(12, 8)]) {
    assert.deepEqual(skip([...both, ...rest], parts), { visited, stop: 49 });
  }
  assert.deepEqual(skip(RAM.with(0, 3), parts), { visited: [], stop: 2 });
  assert.deepEqual(skip(RAM.with(-1, 3), parts), { visited: [], stop: 2 });
  assert.deepEqual(skip(RAM, []), { visited: [], stop: 2 });
});
