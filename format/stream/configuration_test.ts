import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ByteFile } from "../testing/byte_file.ts";
import {
  type Configuration,
  readConfiguration,
  writeConfiguration,
} from "./configuration.ts";
import { StreamReader } from "./stream_reader.ts";

type Write = (writer: ByteWriter) => unknown;

/** Encodes a machine name and subsections, and one byte after them. */
function bytesOf(machine: string, ...subsections: Write[]): Uint8Array {
  const writer = new ByteWriter().u8(7).be32(machine.length).text(machine);
  for (const write of subsections) write(writer);
  return writer.u8(1).finish();
}

function read(bytes: Uint8Array): Configuration & { end: number } {
  const file = new ByteFile(bytes);
  const reader = new StreamReader(file, 0);
  const configuration = file.run(readConfiguration(reader));
  return { ...configuration, end: reader.offset };
}

const subsection = (name: string, version: number, body: Write): Write => {
  return (writer) => {
    body(writer.u8(5).countedString(`configuration/${name}`).be32(version));
  };
};
const capabilities = (...names: string[]): Write =>
  subsection("capabilities", 1, (writer) => {
    writer.be32(names.length);
    for (const name of names) writer.countedString(name);
  });
const pageBits = (bits: number): Write =>
  subsection("target-page-bits", 1, (writer) => writer.be32(bits));
const uuid = (bytes: Uint8Array): Write =>
  subsection("uuid", 1, (writer) => writer.bytes(bytes));

const UUID = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const MAPPED_RAM = capabilities("mapped-ram");

test("readConfiguration() reads the subsections in any order", () => {
  const parts = [pageBits(14), MAPPED_RAM, uuid(UUID)];
  for (const [a, b, c] of [[0, 1, 2], [2, 1, 0], [1, 2, 0]]) {
    const bytes = bytesOf("virt-9.0", parts[a], parts[b], parts[c]);
    assert.deepEqual(read(bytes), {
      machine: "virt-9.0",
      capabilities: ["mapped-ram"],
      targetPageBits: 14,
      uuid: UUID,
      end: bytes.length - 1,
    });
  }
});

test("readConfiguration() leaves out absent subsections", () => {
  const { end: _, ...configuration } = read(bytesOf("none", MAPPED_RAM));
  assert.deepEqual(configuration, {
    machine: "none",
    capabilities: ["mapped-ram"],
  });
});

test("readConfiguration() returns a capability once when it is listed twice", () => {
  const names = ["mapped-ram", "x-ignore-shared", "mapped-ram"];
  assert.deepEqual(read(bytesOf("none", capabilities(...names))).capabilities, [
    "mapped-ram",
    "x-ignore-shared",
  ]);
});

test("readConfiguration() reads 64 capabilities and refuses 65", () => {
  const names = new Array<string>(64).fill("mapped-ram");
  assert.deepEqual(read(bytesOf("none", capabilities(...names))).capabilities, [
    "mapped-ram",
  ]);
  const bytes = bytesOf("none", capabilities(...names, "mapped-ram"));
  assert.throws(() => read(bytes), {
    name: "FormatError",
    rule: "capability-count",
    offset: 9 + 1 + 27 + 4,
  });
});

test("readConfiguration() cannot read with an unknown capability", () => {
  for (const name of ["suspend", "", "Mapped-ram", "mapped-ram\0"]) {
    const bytes = bytesOf("none", capabilities("mapped-ram", name));
    assert.throws(() => read(bytes), {
      name: "UnsupportedError",
      rule: "capability-known",
      offset: 9 + 1 + 27 + 4 + 4 + 11,
    });
  }
});

test("readConfiguration() accepts mapped-ram or fixed-ram, but not both", () => {
  assert.deepEqual(
    read(bytesOf("none", capabilities("fixed-ram"))).capabilities,
    ["fixed-ram"],
  );
  const both = bytesOf("none", capabilities("mapped-ram", "fixed-ram"));
  assert.throws(() => read(both), {
    name: "FormatError",
    rule: "capability-mapped-ram",
    offset: 9 + 1 + 27 + 4 + 4 + 11 + 10,
  });
});

test("readConfiguration() cannot read without mapped-ram", () => {
  const without: Write[][] = [
    [],
    [capabilities()],
    [capabilities("x-ignore-shared"), pageBits(12)],
  ];
  for (const parts of without) {
    const bytes = bytesOf("none", ...parts);
    assert.throws(() => read(bytes), {
      name: "UnsupportedError",
      rule: "capability-mapped-ram",
      offset: bytes.length - 1,
    });
  }
});

test("readConfiguration() refuses an invalid machine name", () => {
  assert.equal(read(bytesOf("~", MAPPED_RAM)).machine, "~");
  const longest = "m".repeat(255);
  assert.equal(read(bytesOf(longest, MAPPED_RAM)).machine, longest);
  for (const name of ["", "m".repeat(256), "a\0", "a\x1f", "a\x7f", "\n"]) {
    assert.throws(() => read(bytesOf(name, MAPPED_RAM)), {
      name: "FormatError",
      rule: "machine-name",
      offset: 1,
    });
  }
  const hostile = new ByteWriter().u8(7).be32(0xffffffff).finish();
  assert.throws(() => read(hostile), { rule: "machine-name", offset: 1 });
});

test("readConfiguration() refuses any other first item", () => {
  for (const type of [0, 1, 8, 0xff]) {
    assert.throws(() => read(new Uint8Array([type, 0, 0, 0, 0])), {
      rule: "configuration-present",
      offset: 0,
    });
  }
  assert.throws(() => read(new Uint8Array(0)), { rule: "file-truncated" });
});

test("readConfiguration() refuses a subsection that is repeated or too old", () => {
  const old = subsection("uuid", 0, (writer) => writer.bytes(UUID));
  const second: [Write, Write][] = [
    [MAPPED_RAM, MAPPED_RAM],
    [pageBits(12), pageBits(12)],
    [MAPPED_RAM, old],
  ];
  for (const [first, then] of second) {
    assert.throws(() => read(bytesOf("none", first, then)), {
      name: "FormatError",
      rule: "configuration-subsection",
      offset: bytesOf("none", first).length - 1,
    });
  }
});

test("readConfiguration() cannot read a subsection that is newer or unknown", () => {
  for (
    const part of [
      subsection("capabilities", 2, () => {}),
      subsection("other", 1, () => {}),
      subsection("", 1, () => {}),
    ]
  ) {
    assert.throws(() => read(bytesOf("none", part)), {
      name: "UnsupportedError",
      rule: "configuration-subsection",
      offset: 9,
    });
  }
});

test("readConfiguration() accepts target-page-bits from 8 to 20", () => {
  for (const bits of [8, 12, 20]) {
    const bytes = bytesOf("none", pageBits(bits), MAPPED_RAM);
    assert.equal(read(bytes).targetPageBits, bits);
  }
  for (const bits of [0, 7, 21, 0xffffffff]) {
    assert.throws(() => read(bytesOf("none", pageBits(bits), MAPPED_RAM)), {
      rule: "target-page-bits",
      offset: 9 + 1 + 31 + 4,
    });
  }
});

test("readConfiguration() refuses a configuration cut at any byte", () => {
  const bytes = bytesOf("none", pageBits(12), uuid(UUID), MAPPED_RAM);
  for (let length = 0; length < bytes.length - 1; length++) {
    assert.throws(() => read(bytes.subarray(0, length)), (error: unknown) => {
      const { rule, offset } = error as { rule: string; offset: number };
      // Cut between two subsections, it is a valid configuration without the
      // rest.
      return offset <= length &&
        (rule === "file-truncated" || rule === "capability-mapped-ram");
    });
  }
  assert.equal(read(bytes.subarray(0, -1)).machine, "none");
});

test("readConfiguration() reads fields across the ends of windows", () => {
  const bytes = bytesOf("m".repeat(255), uuid(UUID), pageBits(12), MAPPED_RAM);
  for (let start = 0; start <= 384; start++) {
    const file = new ByteFile(
      new ByteWriter().bytes(new Uint8Array(start)).bytes(bytes).finish(),
    );
    const reader = new StreamReader(file, 0);
    file.run(reader.fetch(1));
    reader.seek(start);
    assert.deepEqual(file.run(readConfiguration(reader)).uuid, UUID);
  }
});

test("writeConfiguration() writes no subsection for an empty list of capabilities", () => {
  const writer = new ByteWriter();
  writeConfiguration(writer, { machine: "none", capabilities: [] });
  assert.deepEqual(writer.u8(1).finish(), bytesOf("none"));
});

test("writeConfiguration() writes what readConfiguration() reads", () => {
  const configurations: Configuration[] = [
    { machine: "none", capabilities: ["mapped-ram"] },
    { machine: "m".repeat(255), capabilities: ["mapped-ram"], uuid: UUID },
    {
      machine: "virt",
      capabilities: ["x-ignore-shared", "mapped-ram"],
      targetPageBits: 12,
      uuid: UUID,
    },
  ];
  for (const configuration of configurations) {
    const writer = new ByteWriter();
    writeConfiguration(writer, configuration);
    const { end, ...found } = read(writer.finish());
    assert.deepEqual(found, configuration);
    assert.equal(end, writer.length);
  }
});
