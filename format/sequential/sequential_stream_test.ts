import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ForwardReader } from "./forward_reader.ts";
import { ByteByByte } from "../testing/byte_by_byte.ts";
import { item } from "../testing/stream_bytes.ts";
import { walkSequentialStream } from "./sequential_stream.ts";
import {
  END,
  EOS,
  HEADER,
  headerOf,
  hexOf,
  lengthOf,
  LIST,
  PAGE,
  partOf,
  START,
  walk,
} from "../testing/walked_stream.ts";

function capability(name: string): Uint8Array {
  const subsection = new ByteWriter().u8(5)
    .countedString("configuration/capabilities").be32(1)
    .be32(1).countedString(name);
  return headerOf(subsection);
}

test("walkSequentialStream() passes on the contents of a stream in order", () => {
  const switchover = item.command(4, 0), early = item.command(6, 0);
  const before = [HEADER, early, START, partOf(1), switchover, partOf(0)];
  const rest = Uint8Array.from([4, 1, 2, 3]);
  const { events, end, pageSize } = walk([...before, END, rest]);
  assert.deepEqual(events, [
    `begin ${hexOf(early)}`,
    ...["zero 1", "part"],
    ...["zero 0", `state ${hexOf(switchover)}`, "part"],
    `state ${hexOf(END, rest)}`,
  ]);
  assert.equal(pageSize, PAGE);
  assert.deepEqual(end, {
    ramEnd: lengthOf(...before, END),
    hasEnd: true,
    ramPartCount: 2,
    started: end.started,
    earlySections: [],
  });
  assert.deepEqual([...end.started.keys()], [1]);
});

test("walkSequentialStream() adds an END of RAM if there is none", () => {
  const command = item.command(4, 0);
  const before = [HEADER, START, partOf(1), command, item.eof()];
  const rest = Uint8Array.from([6, 0, 0]);
  const { events, end } = walk([...before, rest]);
  assert.deepEqual(events, [
    ...[`begin `, "zero 1", "part"],
    `state ${hexOf(END, command, item.eof(), rest)}`,
  ]);
  assert.equal(end.ramEnd, lengthOf(...before));
  assert.deepEqual([end.hasEnd, end.ramPartCount], [false, 1]);
});

test("walkSequentialStream() stops after RAM with ramOnly", () => {
  for (const last of [END, item.eof()]) {
    const { events } = walk([HEADER, START, last, Uint8Array.from([7])], {
      ramOnly: true,
    });
    const eof = last === END ? "" : "00";
    assert.deepEqual(events, ["begin ", `state ${hexOf(END)}${eof}`]);
  }
});

test("walkSequentialStream() keeps early sections, but not records of RAM", () => {
  const full = item.head(4, "dev", Uint8Array.from([9, 9]), { id: 5 });
  const lengths = () => 2;
  const { events, end } = walk([HEADER, full, START, full, partOf(1), END], {
    lengths,
  });
  assert.deepEqual(events, [
    `begin ${hexOf(full)}`,
    "zero 1",
    `state ${hexOf(full)}`,
    "part",
    `state ${hexOf(END)}`,
  ]);
  const ranges = end.earlySections.map(({ kind, range }) => [
    kind,
    range.offset,
    range.length,
  ]);
  const second = lengthOf(HEADER, full, START);
  assert.deepEqual(ranges, [
    ["full", HEADER.length, full.length],
    ["full", second, full.length],
  ]);
  // A FULL section may have the name of RAM without being RAM.
  const odd = item.head(4, "ram", Uint8Array.from([9, 9]), { id: 5 });
  assert.equal(
    walk([HEADER, START, odd, END], { lengths }).end.ramPartCount,
    0,
  );
  assert.throws(() => walk([HEADER, full, START, END]), {
    rule: "section-known",
    offset: HEADER.length,
  });
});

test("walkSequentialStream() keeps dirty bitmaps before RAM, but no page", () => {
  const eos = Uint8Array.from([1]);
  const bitmap = item.head(1, "dirty-bitmap", eos, { id: 7, version: 1 });
  const part = item.rest(2, 7, eos);
  const { events } = walk([HEADER, bitmap, part, START, part, END]);
  assert.deepEqual(events, [
    `begin ${hexOf(bitmap, part)}`,
    `state ${hexOf(part, END)}`,
  ]);
  // More than the limit on the bytes kept before the end of RAM.
  const record = Buffer.concat([
    new ByteWriter().be64(PAGE + 0x28).finish(),
    new Uint8Array(PAGE).fill(7),
  ]);
  const first = new ByteWriter().be64(PAGE + 2).countedString("ram").u8(0);
  const count = Math.ceil(0x4000000 / record.length) + 1;
  const body = Buffer.concat([
    first.finish(),
    Buffer.alloc(count * record.length, record),
    new ByteWriter().be64(EOS).finish(),
  ]);
  let pages = 0;
  const socket = new ByteByByte(
    Buffer.concat([HEADER, START, item.rest(2, 1, body), END]),
    { ends: true },
  );
  socket.run(walkSequentialStream(new ForwardReader(socket, 0), {
    begin: () => {},
    record: () => void pages++,
    state: () => {},
  }));
  assert.equal(pages, count + 1);
});

test("walkSequentialStream() keeps a limited amount of state before RAM", () => {
  const length = 0x1000000;
  const lengths = () => length;
  const full = item.head(4, "dev", new Uint8Array(length), { id: 5 });
  const three = [full, full, full];
  function run(items: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(items);
    const file = { name: "stream", byteLength: bytes.length };
    const visitor = { begin: () => {}, record: () => {}, state: () => {} };
    const walk = walkSequentialStream(new ForwardReader(file, 0), visitor, {
      lengths,
    });
    for (let step = walk.next(); !step.done;) {
      const { offset, length, target } = step.value;
      assert(target !== undefined);
      target.set(bytes.subarray(offset, offset + length));
      step = walk.next(target);
    }
  }
  // State that was passed on does not count.
  run([HEADER, ...three, START, ...three, partOf(1), ...three, END]);
  for (const before of [[HEADER], [HEADER, START]]) {
    assert.throws(() => run([...before, ...three, full, START, END]), {
      name: "UnsupportedError",
      rule: "section-known",
      found: /of state before the end of the RAM$/,
    });
  }
});

test("walkSequentialStream() reports commands that request answers, and drops them", () => {
  const advise = new ByteWriter().u8(8).be16(3).be16(16).be64(0x200000)
    .be64(PAGE).finish();
  const kept = [item.command(3, 0), item.command(5, 0)];
  const asking = [item.command(1, 0), item.command(2, 4), advise];
  const { events } = walk([HEADER, ...asking, ...kept, START, END]);
  assert.deepEqual(events, [
    ...["asked 1 ", "asked 2 00000000", `asked 3 ${hexOf(advise.slice(5))}`],
    `begin ${hexOf(...kept)}`,
    `state ${hexOf(END)}`,
  ]);
  for (const sizes of [0x201000n, 1n << 63n | 0x200000n, 3n]) {
    const several = new ByteWriter().u8(8).be16(3).be16(16).be64(sizes)
      .be64(PAGE).finish();
    assert.throws(() => walk([HEADER, several, START, END]), {
      name: "UnsupportedError",
      rule: "command-known",
      offset: HEADER.length,
    });
  }
});

test("walkSequentialStream() takes the page size from the configuration", () => {
  const bits = new ByteWriter().u8(5)
    .countedString("configuration/target-page-bits").be32(1).be32(12);
  const items = [headerOf(bits), START, END];
  assert.equal(walk(items, { pageSize: 0x2000 }).pageSize, 0x1000);
  assert.equal(
    walk([HEADER, START, END], { pageSize: 0x2000 }).pageSize,
    0x2000,
  );
});

test("walkSequentialStream() refuses unfinished streams and other formats", () => {
  const mapped = "capability-mapped-ram", none = "ram-section-present";
  const cases = [
    [[HEADER], none, "the end of the stream"],
    [[HEADER, item.eof()], none, "the EOF item"],
    [
      [HEADER, START],
      "eof-present",
      /^the end of the stream: the save was not finished/,
    ],
    [[HEADER, START, partOf(0)], "eof-present", /^the end of the stream/],
    [[capability("mapped-ram"), START, END], mapped, /"mapped-ram"/],
    [[capability("fixed-ram"), START, END], mapped, /"fixed-ram"/],
  ] as const;
  for (const [items, rule, found] of cases) {
    const [header, ...rest] = items;
    const last = rest.at(-1)?.[0] === 0 ? rest.slice(0, -1) : rest;
    const offset = rule === mapped ? header.length : lengthOf(header, ...last);
    const name = "FormatError";
    assert.throws(() => walk(items), { name, rule, offset, found });
  }
  const second = item.head(1, "ram", LIST, { id: 2 });
  assert.throws(() => walk([HEADER, START, second, END]), {
    rule: "ram-section-unique",
  });
});
