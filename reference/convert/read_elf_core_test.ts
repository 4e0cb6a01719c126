import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { memoryBlock, memoryImage } from "../testing/memory_image.ts";
import { testMemory } from "../testing/saved_file.ts";
import { ARCHITECTURES } from "./architecture.ts";
import {
  ELF_SIZES,
  type ElfKind,
  encodeElfHeader,
  encodeElfSegment,
  PT_LOAD,
} from "./elf_layout.ts";
import { openElfCore } from "./read_elf_core.ts";
import { writeElfCore } from "./write_elf_core.ts";

const PAGE = 0x1000;
const KIND: ElfKind = { machine: 62, bits: 64, byteOrder: "little" };

/** A segment as given by a test: its bytes, and their address in memory. */
interface Segment {
  readonly address: number | bigint;
  readonly bytes: Uint8Array;
  readonly memoryLength?: number;
}

/** A core of these segments. */
function core(segments: readonly Segment[], kind = KIND): Uint8Array {
  const { header, programHeader } = ELF_SIZES[kind.bits];
  let position = header + programHeader * segments.length;
  const heads = [encodeElfHeader(kind, segments.length)];
  const bodies: Uint8Array[] = [];
  for (const { address, bytes, memoryLength = bytes.length } of segments) {
    heads.push(encodeElfSegment(kind, {
      type: PT_LOAD,
      position,
      virtualAddress: 0,
      physicalAddress: address as number,
      fileLength: bytes.length,
      memoryLength,
    }));
    bodies.push(bytes);
    position += bytes.length;
  }
  const file = new Uint8Array(position);
  let at = 0;
  for (const part of [...heads, ...bodies]) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

const filled = (length: number, byte: number) =>
  new Uint8Array(length).fill(byte);

test("openElfCore() reads cores of 32 bits", async () => {
  const bytes = new Uint8Array(0x2000);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 4, true);
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, 1, true);
  const segment = [1, 0x1000, 0, 0x500000, 0x800, 0x1000];
  for (const [index, word] of segment.entries()) {
    view.setUint32(52 + 4 * index, word, true);
  }
  bytes.fill(7, 0x1000, 0x1800);
  const memory = await openElfCore(memorySource(bytes));
  const found = new Uint8Array(2);
  await memory.readInto(found, 0x500000 + 0x7fe);
  assert.deepEqual([...found], [7, 7]);
  // The rest of the segment is memory too, and zero.
  assert.equal(memory.byteLength, 0x501000);
});

test("openElfCore() reads what writeElfCore() writes for every architecture", async () => {
  const bytes = testMemory(16, [0, 3, 15]);
  for (const { name, machine, bits, byteOrder } of ARCHITECTURES) {
    for (const address of [0x40000000, 2 ** 32]) {
      const sink = memorySink();
      const image = memoryImage("board", [memoryBlock("ram", bytes)]);
      const { architecture } = await writeElfCore(image, sink, {
        architecture: name,
        ranges: [{ address, length: bytes.length, idstr: "ram", offset: 0 }],
      });
      assert.equal(architecture, name);
      const file = sink.bytes();
      const view = new DataView(file.buffer, file.byteOffset);
      const little = byteOrder === "little";
      assert.equal(view.getUint16(18, little), machine, name);
      assert.equal(file[5], little ? 1 : 2, name);
      assert.equal(file[4], address === 2 ** 32 || bits === 64 ? 2 : 1, name);
      const memory = await openElfCore(memorySource(file));
      assert.equal(memory.architecture?.machine, machine);
      assert.equal(memory.architecture?.byteOrder, byteOrder);
      const found = new Uint8Array(bytes.length);
      await memory.readInto(found, address);
      assert.deepEqual(found, bytes);
    }
  }
});

test("writeElfCore() does not guess the architecture", async () => {
  const image = memoryImage("none", [memoryBlock("ram", testMemory(4, [1]))]);
  await assert.rejects(
    writeElfCore(image, memorySink()),
    /neither the state of its processors nor its machine type \(none\) shows/,
  );
  await assert.rejects(
    writeElfCore(image, memorySink(), { architecture: "z80" }),
    /"z80" as an architecture: expected x86_64, i386, aarch64/,
  );
});

test("openElfCore() fills a segment up to its length in memory", async () => {
  const segments = [
    { address: 0, bytes: filled(PAGE, 1), memoryLength: 4 * PAGE },
    { address: 8 * PAGE, bytes: new Uint8Array(0), memoryLength: PAGE },
  ];
  const memory = await openElfCore(memorySource(core(segments)));
  assert.deepEqual(
    memory.ranges.map(({ address, length }) => [address, length]),
    [[0, PAGE], [PAGE, 3 * PAGE], [8 * PAGE, PAGE]],
  );
  assert.equal(memory.byteLength, 9 * PAGE);
  const found = filled(9 * PAGE, 0x5a);
  await memory.readInto(found, 0);
  const expected = new Uint8Array(9 * PAGE);
  assert.deepEqual(found, (expected.fill(1, 0, PAGE), expected));
});

test("openElfCore() drops no byte that its segment has no memory for", async () => {
  for (const memoryLength of [0, PAGE - 1]) {
    const bytes = filled(PAGE, 1);
    const file = core([{ address: 0, bytes, memoryLength }]);
    await assert.rejects(
      openElfCore(memorySource(file)),
      new RegExp(`with 4096 bytes in the file and ${memoryLength} in memory`),
    );
  }
});

test("openElfCore() skips segments without a physical address", async () => {
  const none = { 64: 2n ** 64n - 1n, 32: 0xffffffff };
  for (const bits of [64, 32] as const) {
    const kind = { ...KIND, bits };
    const virtual = { address: none[bits], bytes: filled(PAGE, 9) };
    const both = core([virtual, { address: 0, bytes: filled(PAGE, 1) }], kind);
    const memory = await openElfCore(memorySource(both));
    assert.equal(memory.byteLength, PAGE);
    assert.equal(memory.unplaced.length, 1);
    await assert.rejects(
      openElfCore(memorySource(core([virtual], kind))),
      /none of its 1 segments has a physical address/,
    );
    await assert.rejects(
      openElfCore(memorySource(core([], kind))),
      /it has no segment with memory, expected a core of a machine's memory/,
    );
  }
  const far = core([{ address: 2n ** 60n, bytes: filled(PAGE, 1) }]);
  await assert.rejects(
    openElfCore(memorySource(far)),
    /at the physical address 0x1000000000000000, expected one that ends below/,
  );
});

test("openElfCore() refuses segments that differ at an address", async () => {
  const differing: readonly (readonly Segment[])[] = [
    [{ address: 0, bytes: filled(4 * PAGE, 1) }, {
      address: PAGE,
      bytes: filled(PAGE, 2),
    }],
    [{ address: 0, bytes: filled(2 * PAGE, 1) }, {
      address: PAGE,
      bytes: filled(2 * PAGE, 2),
    }],
    // Bytes that are not in the file are zero.
    [{ address: 0, bytes: new Uint8Array(0), memoryLength: PAGE }, {
      address: 0,
      bytes: filled(16, 2),
    }],
  ];
  for (const segments of differing) {
    for (const order of [segments, segments.toReversed()]) {
      await assert.rejects(
        openElfCore(memorySource(core(order))),
        /two of its ranges claim address 0x(0|1000) and differ there/,
      );
    }
  }
  // Equal bytes are accepted, and no memory after them is lost.
  const same = [
    { address: 0, bytes: filled(4 * PAGE, 1) },
    { address: PAGE, bytes: filled(PAGE, 1) },
  ];
  const memory = await openElfCore(memorySource(core(same)));
  const found = new Uint8Array(4 * PAGE);
  await memory.readInto(found, 0);
  assert.deepEqual(found, filled(4 * PAGE, 1));
});

test("openElfCore() compares no more bytes than the file has", async () => {
  // Many segments over the same bytes of the file, each a byte further.
  const bytes = filled(64 * PAGE, 7);
  const file = core(
    Array.from({ length: 99 }, (_, index) => ({
      address: 0,
      bytes: index === 0 ? bytes : new Uint8Array(0),
    })),
  );
  const view = new DataView(file.buffer);
  for (let index = 0; index < 99; index++) {
    const start = 64 + 56 * index;
    view.setBigUint64(start + 8, BigInt(64 + 56 * 99 + index), true);
    view.setBigUint64(start + 32, BigInt(63 * PAGE), true);
    view.setBigUint64(start + 40, BigInt(63 * PAGE), true);
  }
  await assert.rejects(
    openElfCore(memorySource(file)),
    /its ranges overlap in more bytes than it has/,
  );
});
