import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ForwardReader } from "../sequential/forward_reader.ts";
import { walkDeviceState } from "../snapshot/device_state.ts";
import { indexSnapshot } from "../snapshot/index_snapshot.ts";
import { StreamReader } from "../stream/stream_reader.ts";
import { ByteByByte } from "../testing/byte_by_byte.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { item, RAM_END, RAM_START, stream } from "../testing/stream_bytes.ts";
import { iterableSection } from "./iterable_sections.ts";

const ATTRIBUTES = "s390-storage_attributes";
const TABLE = "spapr/htab";

const attributes = {
  eos: new ByteWriter().be64(1).finish(),
  /** Attributes of three pages, and of one after them. */
  some: new ByteWriter().be64(0x5002).be64(3).bytes(Uint8Array.of(1, 2, 3))
    .be64(0x7000 * 0x1000 + 2).be64(1).u8(0x7e).be64(8).be64(1).finish(),
};

const table = {
  size: new ByteWriter().be32(21).finish(),
  none: new ByteWriter().be32(0xffffffff).finish(),
  empty: new Uint8Array(12),
  /** Two valid entries, one invalid, and a chunk of only invalid entries. */
  some: new ByteWriter().be32(0)
    .be32(9).be16(2).be16(1).bytes(new Uint8Array(32).fill(0x7e))
    .be32(0).be16(0).be16(65535)
    .bytes(new Uint8Array(8)).finish(),
};

/** Returns the length of a body, read from a file and from a socket. */
function lengthOf(
  kind: "start" | "part" | "end",
  idstr: string,
  body: Uint8Array,
): number {
  const versionId = idstr === TABLE ? 1 : 0;
  const section = { sectionId: 5, idstr, instanceId: 0, versionId };
  const iterable = iterableSection(section);
  assert(iterable);
  const file = new ByteFile(body);
  const reader = new StreamReader(file, 0);
  file.run(iterable.skipBody(reader, kind));
  const socket = new ByteByByte(body, { ends: true });
  const forward = new ForwardReader(socket, 0);
  socket.run(iterable.skipBody(forward, kind));
  assert.equal(forward.offset, reader.offset);
  return reader.offset;
}

test("skipBody() skips storage attributes", () => {
  const { eos, some } = attributes;
  assert.equal(lengthOf("start", ATTRIBUTES, eos), 8);
  assert.equal(lengthOf("part", ATTRIBUTES, some), some.length);
  assert.equal(lengthOf("end", ATTRIBUTES, some), some.length);
});

test("skipBody() skips a hash table", () => {
  const { size, none, empty, some } = table;
  assert.equal(lengthOf("start", TABLE, size), 4);
  for (const kind of ["start", "part", "end"] as const) {
    assert.equal(lengthOf(kind, TABLE, none), 4);
  }
  assert.equal(lengthOf("part", TABLE, empty), 12);
  assert.equal(lengthOf("end", TABLE, some), some.length);
});

test("skipBody() refuses unknown and truncated bodies", () => {
  for (const flags of [0, 3, 4, 0x10, 0x800]) {
    const body = new ByteWriter().be64(0x1000 + flags).be64(1).finish();
    assert.throws(() => lengthOf("part", ATTRIBUTES, body), {
      name: "UnsupportedError",
      rule: "section-known",
      offset: 0,
    });
  }
  const size = new ByteWriter().be32(21).be64(0).finish();
  assert.throws(() => lengthOf("part", TABLE, size), {
    name: "UnsupportedError",
    rule: "section-known",
    offset: 0,
  });
  for (
    const [idstr, body] of [
      [ATTRIBUTES, attributes.some],
      [TABLE, table.some],
    ] as const
  ) {
    for (let length = 0; length < body.length; length++) {
      const cut = body.subarray(0, length);
      assert.throws(() => lengthOf("end", idstr, cut), {
        name: "FormatError",
        rule: "file-truncated",
      });
    }
  }
  const huge = new ByteWriter().be64(2).be64(2 ** 52).finish();
  assert.throws(() => lengthOf("end", ATTRIBUTES, huge), {
    rule: "file-truncated",
  });
});

test("both sections are skipped before and after the END of RAM", () => {
  const cases = [
    [ATTRIBUTES, 0, attributes.eos, attributes.some],
    [TABLE, 1, table.size, table.some],
  ] as const;
  for (const [idstr, version, start, body] of cases) {
    const head = item.head(1, idstr, start, { id: 6, version });
    const parts = [item.rest(2, 6, body), item.rest(3, 6, body)];
    const empty = item.rest(
      2,
      6,
      idstr === TABLE ? table.empty : attributes.eos,
    );
    const end = [item.eof(), item.vmdesc()];
    for (const before of [[RAM_START, head], [head, RAM_START]]) {
      const file = new ByteFile(
        stream(...before, ...Array(50).fill(empty), ...parts, RAM_END, ...end),
      );
      const index = file.run(indexSnapshot(file));
      assert(index.earlyParts.length <= 5, "empty PARTs are not kept");
      assert.deepEqual(
        [...new Set(index.earlyParts.map(({ kind }) => kind))],
        ["start", "part", "end"],
      );
      assert.deepEqual(index.earlyDirtyBitmaps, []);
    }
    const file = new ByteFile(
      stream(RAM_START, head, RAM_END, ...parts, ...end),
    );
    const index = file.run(indexSnapshot(file));
    const state = file.run(walkDeviceState(file, index));
    assert.deepEqual(state.parts.map(({ kind }) => kind), ["part", "end"]);
    assert.deepEqual(state.dirtyBitmaps, []);
    assert(state.vmdesc);
  }
});
