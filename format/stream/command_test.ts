import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { writeCommand } from "./command.ts";
import { readItem, type StreamItem } from "./migration_stream.ts";
import { StreamReader } from "./stream_reader.ts";

function readCommand(command: number, length: number, payload = length) {
  const bytes = new ByteWriter().u8(8).be16(command).be16(length)
    .bytes(new Uint8Array(payload)).finish();
  const file = new ByteFile(bytes);
  const reader = new StreamReader(file, 0);
  return file.run(readItem(reader, new Map(), function* () {})) as
    & StreamItem
    & { kind: "command" };
}

const LENGTHS: [command: number, ...lengths: number[]][] = [
  [1, 0],
  [2, 4],
  [3, 0, 16],
  [4, 0],
  [5, 0],
  [6, 0, 1, 12, 65_535],
  [8, 0],
  [9, 0],
  [10, 0, 1, 256, 65_535],
  [11, 0],
];

test("skipCommand() skips each command of the right length", () => {
  for (const [command, ...lengths] of LENGTHS) {
    for (const length of lengths) {
      const item = readCommand(command, length);
      assert.equal(item.kind, "command");
      assert.equal(item.command, command);
      assert.deepEqual(item.range, { offset: 0, length: 5 + length });
    }
  }
});

test("skipCommand() refuses an invalid length", () => {
  for (const [command, ...lengths] of LENGTHS) {
    if (lengths.includes(65_535)) continue;
    for (const length of [0, 1, 3, 4, 5, 15, 16, 17, 65_535]) {
      if (lengths.includes(length)) continue;
      assert.throws(() => readCommand(command, length), {
        name: "FormatError",
        rule: "command-length",
        offset: 3,
      });
    }
  }
});

test("skipCommand() cannot read an unknown command", () => {
  for (const command of [0, 7, 12, 0x7fff, 0xffff]) {
    assert.throws(() => readCommand(command, 0), {
      name: "UnsupportedError",
      rule: "command-known",
      offset: 1,
      feature: `command ${command}`,
    });
  }
});

test("skipCommand() refuses a truncated payload", () => {
  assert.throws(() => readCommand(6, 40_000, 39_999), {
    rule: "file-truncated",
    offset: 5,
  });
});

test("writeCommand() writes a command with its payload, or with none", () => {
  const writer = new ByteWriter();
  writeCommand(writer, 0x102);
  writeCommand(writer, 2, { payload: Uint8Array.of(1, 2, 3, 4) });
  assert.deepEqual(
    [...writer.finish()],
    [8, 1, 2, 0, 0, 8, 0, 2, 0, 4, 1, 2, 3, 4],
  );
});
