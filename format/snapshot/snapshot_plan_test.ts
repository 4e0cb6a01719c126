import assert from "node:assert/strict";
import { test } from "node:test";
import { RAM_PAGES_MAX } from "../stream/constants.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { randomNumbers } from "../testing/random_numbers.ts";
import { walkDeviceState } from "./device_state.ts";
import { indexSnapshot } from "./index_snapshot.ts";
import type { SnapshotIndex } from "./snapshot_index.ts";
import {
  encodeEos,
  encodeHead,
  encodeTail,
  type PlannedBlock,
  planSnapshot,
} from "./snapshot_plan.ts";

const MIB = 0x100000;
const CONFIGURATION = { machine: "none", capabilities: ["mapped-ram"] };
const HEAD = encodeHead(CONFIGURATION);

/** Builds the file of a plan, without pages, and reads it. */
function build(
  blocks: readonly PlannedBlock[],
  pageSize: number,
): { file: ByteFile; index: SnapshotIndex; found: string[] } {
  const plan = planSnapshot(HEAD, blocks, { pageSize });
  const tail = encodeTail(CONFIGURATION, { pageSize });
  const bytes = new Uint8Array(plan.eosOffset + 8 + tail.length);
  for (const { offset, bytes: piece } of plan.pieces) bytes.set(piece, offset);
  bytes.set(encodeEos(), plan.eosOffset);
  bytes.set(tail, plan.eosOffset + 8);
  const file = new ByteFile(bytes);
  const found: string[] = [];
  const report = ({ rule }: { rule: string }) => void found.push(rule);
  const index = file.run(indexSnapshot(file, { report }));
  const state = file.run(walkDeviceState(file, index, { report }));
  assert.equal(state.end, bytes.length);
  return { file, index, found };
}

test("planSnapshot() places the bitmap after the header and pages at the next MiB", () => {
  const blocks = [
    { idstr: "pc.ram", usedLength: 2 * MIB },
    { idstr: "vga.vram", usedLength: 0x3000 },
  ];
  const { blocks: planned, eosOffset } = planSnapshot(HEAD, blocks, {
    pageSize: 0x1000,
  });
  assert.equal(planned[0].bitmapOffset, HEAD.length + 8 + 7 + 8 + 28);
  assert.equal(planned[0].pagesOffset, MIB);
  assert.equal(planned[1].bitmapOffset, 3 * MIB + 9 + 8 + 28);
  assert.equal(planned[1].pagesOffset, 4 * MIB);
  assert.equal(eosOffset, 4 * MIB + 0x3000);
});

test("planSnapshot() places the pages later when the bitmap crosses a MiB", () => {
  const usedLength = 64 * 2 ** 30; // a bitmap of 2 MiB
  const { blocks } = planSnapshot(HEAD, [{ idstr: "a", usedLength }], {
    pageSize: 0x1000,
  });
  assert.equal(blocks[0].pagesOffset, 3 * MIB);
});

test("planSnapshot() plans what a reader finds, for any list of blocks", () => {
  const random = randomNumbers(4);
  for (let round = 0; round < 12; round++) {
    const pageSize = 2 ** (8 + random(10));
    const unit = Math.max(1024, pageSize);
    const blocks = Array.from({ length: random(5) }, (_, index) => ({
      idstr: `${index}${"x".repeat(random(254))}`,
      usedLength: unit * (1 + random(6)),
    }));
    const { index, found } = build(blocks, pageSize);
    assert.deepEqual(found, []);
    assert.deepEqual(
      index.blocks.map(({ idstr, usedLength }) => ({ idstr, usedLength })),
      blocks,
    );
    assert.deepEqual(
      index.blocks.map((it) => it.pageSize),
      blocks.map(() => pageSize),
    );
  }
});

test("planSnapshot() plans a file without RAM", () => {
  const { index, found } = build([], 4096);
  assert.deepEqual(index.blocks, []);
  assert.deepEqual(found, []);
});

test("planSnapshot() refuses invalid and repeated names", () => {
  for (const idstr of ["", "x".repeat(256), "a\0", "é", "\n"]) {
    const blocks = [{ idstr, usedLength: 0x1000 }];
    assert.throws(
      () => planSnapshot(HEAD, blocks, { pageSize: 0x1000 }),
      RangeError,
    );
  }
  const block = { idstr: "ram", usedLength: 0x1000 };
  assert.throws(
    () => planSnapshot(HEAD, [block, block], { pageSize: 0x1000 }),
    /RangeError: Cannot save two RAMBlocks named "ram"/,
  );
});

test("planSnapshot() refuses lengths that are not whole pages", () => {
  const bad = [0, -0x1000, 0x1800, 0.5, NaN, Infinity, 2 ** 52, 2 ** 53];
  for (const usedLength of bad) {
    const blocks = [{ idstr: "ram", usedLength }];
    assert.throws(
      () => planSnapshot(HEAD, blocks, { pageSize: 0x1000 }),
      RangeError,
    );
  }
});

test("planSnapshot() refuses more pages than a reader may refuse", () => {
  const half = { idstr: "half", usedLength: RAM_PAGES_MAX / 2 * 0x1000 };
  const other = { ...half, idstr: "other" };
  const rest = { idstr: "rest", usedLength: 0x1000 };
  const plan = (...blocks: readonly PlannedBlock[]) =>
    planSnapshot(HEAD, blocks, { pageSize: 0x1000 }).blocks.length;
  assert.equal(plan(half, other), 2);
  assert.throws(
    () => plan(half, other, rest),
    /RAMBlock "rest": .* makes a sum of 17179869185 pages, expected at most 17179869184$/,
  );
});

test("planSnapshot() refuses a total that overlaps its flags", () => {
  const blocks = [{ idstr: "ram", usedLength: 0x100 }];
  assert.throws(
    () => planSnapshot(HEAD, blocks, { pageSize: 0x100 }),
    RangeError,
  );
  const other = { idstr: "b", usedLength: 0x300 };
  assert.equal(
    planSnapshot(HEAD, [...blocks, other], { pageSize: 0x100 }).blocks.length,
    2,
  );
});

test("planSnapshot() does not modify its arguments", () => {
  const blocks = Object.freeze([Object.freeze({
    idstr: "ram",
    usedLength: 0x1000,
  })]);
  planSnapshot(HEAD, blocks, { pageSize: 0x1000 });
  assert.deepEqual(HEAD, encodeHead(CONFIGURATION));
});

test("encodeHead() accepts machine names of 1 to 255 printable characters", () => {
  for (const machine of ["m", "pc-i440fx-9.0", "~".repeat(255)]) {
    const head = encodeHead({ ...CONFIGURATION, machine });
    const text = new TextDecoder("latin1").decode(head);
    assert(text.includes(machine));
    // START of section 1, instance 0, version 4, as QEMU writes it.
    const start = "\x01\0\0\0\x01\x03ram\0\0\0\0\0\0\0\x04";
    assert(text.endsWith(start));
  }
  for (const machine of ["", "m".repeat(256), "ü", "a\n"]) {
    assert.throws(() => encodeHead({ ...CONFIGURATION, machine }), RangeError);
  }
});

test("encodeTail() ends with a vmdesc that describes the configuration", () => {
  const configuration = {
    ...CONFIGURATION,
    machine: "virt",
    targetPageBits: 12,
  };
  const tail = encodeTail(configuration, { pageSize: 4096 });
  const text = new TextDecoder().decode(tail.subarray(tail.indexOf(0x7b)));
  assert.deepEqual(JSON.parse(text), {
    configuration: {
      vmsd_name: "configuration",
      version: 1,
      fields: [
        { name: "len", type: "uint32", size: 4 },
        { name: "name", type: "buffer", size: 4 },
      ],
      subsections: [
        {
          vmsd_name: "configuration/target-page-bits",
          version: 1,
          fields: [{ name: "target_page_bits", type: "uint32", size: 4 }],
        },
        {
          vmsd_name: "configuration/capabilities",
          version: 1,
          fields: [
            { name: "caps_count", type: "uint32", size: 4 },
            { name: "capabilities", type: "capability", size: 11 },
          ],
        },
      ],
    },
    page_size: 4096,
    devices: [],
  });
});
