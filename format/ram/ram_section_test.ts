import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { UnsupportedError } from "../rules/errors.ts";
import type { Configuration } from "../stream/configuration.ts";
import { RAM_PAGES_MAX } from "../stream/constants.ts";
import { StreamReader } from "../stream/stream_reader.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { entryOf, ramSetup, type TestBlock } from "../testing/ram_setup.ts";
import { readEos } from "./ram_body.ts";
import { checkRamVersion, readRamSetup } from "./ram_section.ts";
import type { RAMBlockHeader } from "./ramblock_entry.ts";

const PLAIN: Configuration = { machine: "none", capabilities: ["mapped-ram"] };
const SHARED: Configuration = {
  machine: "none",
  capabilities: ["x-ignore-shared", "mapped-ram"],
};

function read(
  bytes: Uint8Array,
  configuration = PLAIN,
): RAMBlockHeader[] {
  const file = new ByteFile(bytes);
  const reader = new StreamReader(file, 0);
  return file.run(function* () {
    yield* reader.fetch(8);
    return (yield* readRamSetup(reader, configuration, 8)).blocks;
  }());
}

/** Two blocks of 0x800 bytes, each with its pages after its entry. */
const FIRST: TestBlock = { idstr: "a", bitmapOffset: 0x100 };
const SECOND: TestBlock = {
  idstr: "b",
  bitmapOffset: 0xd00,
  pagesOffset: 0xe00,
};
test("readRamSetup() reads the list up to the total", () => {
  const blocks = read(ramSetup([FIRST, SECOND]));
  assert.deepEqual(blocks.map(({ idstr }) => idstr), ["a", "b"]);
  assert.deepEqual(blocks.map(({ entry }) => entry.offset), [8, 0xc00]);
});

test("readRamSetup() reads an empty list", () => {
  assert.deepEqual(read(ramSetup([])), []);
});

test("readRamSetup() refuses flags other than MEM_SIZE", () => {
  for (const word of [0x800n, 0x805n, 0x806n, 0x104n, 0x204n, 0x814n, 0x84n]) {
    assert.throws(() => read(ramSetup([FIRST], { total: word })), {
      rule: "ram-total-flag",
      offset: 0,
    }, `${word}`);
  }
  assert.throws(() => read(ramSetup([FIRST], { total: 2n ** 53n })), {
    rule: "u64-range",
    offset: 0,
  });
});

test("readRamSetup() refuses a list that exceeds the total", () => {
  assert.throws(() => read(ramSetup([FIRST, SECOND], { total: 0xc04 })), {
    rule: "ram-total",
    idstr: "b",
    offset: 0xc00 + 2,
  });
});

test("readRamSetup() refuses a list that ends before the total", () => {
  assert.throws(() => read(ramSetup([FIRST], { total: 0x1004 })), {
    rule: "ram-total",
    offset: 0xc00,
  });
  assert.throws(() => read(ramSetup([], { total: 0x404 })), {
    rule: "ram-total",
    offset: 8,
  });
});

test("readRamSetup() refuses an entry with an empty idstr", () => {
  const bytes = ramSetup([FIRST], { total: 0x1004, eos: 0x20 });
  assert.throws(() => read(bytes), { rule: "idstr-text", offset: 0xc00 });
});

test("readRamSetup() refuses a second block of the same idstr", () => {
  const bytes = ramSetup([FIRST, { ...SECOND, idstr: "a" }]);
  assert.throws(() => read(bytes), { rule: "idstr-unique", offset: 0xc00 });
});

test("readRamSetup() refuses a list that does not end with EOS", () => {
  for (const eos of [0, 0x11, 0x10 * 2 ** 32]) {
    assert.throws(() => read(ramSetup([FIRST], { eos })), {
      rule: "ram-setup-end",
      offset: 0xc00,
    });
  }
});

test("readRamSetup() requires one page size, or that of the configuration", () => {
  const larger = { ...SECOND, pageSize: 0x200 };
  assert.throws(() => read(ramSetup([FIRST, larger])), {
    rule: "page-size-uniform",
    offset: 0xc00 + 2 + 8 + 4,
  });
  const bits = { ...PLAIN, targetPageBits: 9 };
  assert.throws(() => read(ramSetup([FIRST]), bits), {
    rule: "page-size-target",
    offset: 8 + 2 + 8 + 4,
  });
  const eight = { ...PLAIN, targetPageBits: 8 };
  assert.equal(read(ramSetup([FIRST]), eight).length, 1);
});

test("readRamSetup() continues right after the entry of an ignored block", () => {
  const bytes = ramSetup([
    { idstr: "s", mrAddr: 5n, bitmapOffset: 0, pagesOffset: 0 },
    { ...FIRST, mrAddr: 6n },
    { idstr: "t", mrAddr: 7n, bitmapOffset: 0, pagesOffset: 0 },
  ]);
  const blocks = read(bytes, SHARED);
  assert.deepEqual(
    blocks.map(({ ignored, mrAddr }) => [ignored, mrAddr]),
    [[true, 5n], [false, 6n], [true, 7n]],
  );
  assert.equal(blocks[1].entry.offset, 8 + 46);
  assert.equal(blocks[2].entry.offset, 0xc00);
});

test("readRamSetup() reads blocks of 0 bytes before the total is reached", () => {
  const empty = { ...FIRST, idstr: "0", usedLength: 0, pagesOffset: 0x200 };
  const next = { ...SECOND, idstr: "1" };
  assert.equal(read(ramSetup([empty, next])).length, 2);
  assert.throws(() => read(ramSetup([FIRST, { ...SECOND, usedLength: 0 }])), {
    rule: "ram-setup-end",
  });
});

test("readRamSetup() limits the pages of all blocks that are not ignored", () => {
  const first: TestBlock = {
    idstr: "first",
    usedLength: RAM_PAGES_MAX * 0x100,
    bitmapOffset: 0x100,
    pagesOffset: 2 ** 32,
    mrAddr: 0n,
  };
  const end = 2 ** 32 + RAM_PAGES_MAX * 0x100;
  const readWith = (next: TestBlock, filler: Uint8Array) => {
    const entry = entryOf({ ...next, mrAddr: 0n }).finish();
    const eos = new ByteWriter().be64(0x10).finish();
    const tail = new Uint8Array([...entry, ...filler, ...eos]);
    const used = BigInt(next.usedLength ?? 0);
    const total = BigInt(RAM_PAGES_MAX) * 0x100n + used + 4n;
    const file = new ByteFile(ramSetup([first], { total }), end + tail.length, {
      tail,
    });
    return file.run(function* () {
      const reader = new StreamReader(file, 0);
      yield* reader.fetch(8);
      return (yield* readRamSetup(reader, SHARED, 8)).blocks;
    }());
  };
  const ignored = { bitmapOffset: 0, pagesOffset: 0 };
  const most = { ...ignored, usedLength: 2 ** 52 };
  assert.equal(readWith(most, new Uint8Array(0)).length, 2);
  const more = { usedLength: 0x400, pagesOffset: end + 0x100 };
  const filler = new Uint8Array(0x1000);
  assert.throws(
    () => readWith({ ...more, bitmapOffset: end + 60 }, filler),
    (error) => {
      assert(error instanceof UnsupportedError);
      assert.deepEqual([error.rule, error.offset], ["ram-total", end + 4]);
      assert.match(
        error.message,
        /"bytes": RAMBlock "ram", .*: used_length 0x400 makes a sum of 17179869188 pages, expected at most 17179869184 pages \(ram-total\)$/,
      );
      return true;
    },
  );
});

test("readEos() accepts only EOS", () => {
  for (const rule of ["ram-setup-end", "ram-body-empty"] as const) {
    const bytesOf = (word: bigint) => new ByteWriter().be64(word).finish();
    const run = (bytes: Uint8Array) => {
      const file = new ByteFile(bytes);
      file.run(readEos(new StreamReader(file, 0), rule));
    };
    run(bytesOf(0x10n));
    for (const word of [0n, 0x8n, 0x12n, 0x1010n, 2n ** 64n - 1n]) {
      assert.throws(() => run(bytesOf(word)), { rule, offset: 0 });
    }
    assert.throws(() => run(new Uint8Array(7)), { rule: "file-truncated" });
  }
});

test("checkRamVersion() distinguishes an older section from a newer one", () => {
  const check = (versionId: number) => {
    const reader = new StreamReader(new ByteFile(new Uint8Array(0)), 30);
    const section = { sectionId: 1, idstr: "ram", instanceId: 0, versionId };
    checkRamVersion(reader, section);
  };
  check(4);
  for (
    const [version, name] of [
      [0, "FormatError"],
      [3, "FormatError"],
      [5, "UnsupportedError"],
      [2 ** 32 - 1, "UnsupportedError"],
    ] as const
  ) {
    assert.throws(() => check(version), {
      name,
      rule: "ram-section-version",
      offset: 26,
    });
  }
});
