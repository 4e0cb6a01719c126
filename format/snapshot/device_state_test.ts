import assert from "node:assert/strict";
import { test } from "node:test";
import type { FormatError } from "../rules/errors.ts";
import { ByteFile } from "../testing/byte_file.ts";
import {
  HEADER,
  item,
  NO_BLOCKS,
  RAM_END,
  RAM_START,
  stream,
} from "../testing/stream_bytes.ts";
import { type DeviceState, walkDeviceState } from "./device_state.ts";
import { indexSnapshot } from "./index_snapshot.ts";

const RAM = HEADER.length + RAM_START.length + RAM_END.length;
const DEVICE = item.head(4, "dev", new Uint8Array([1, 2, 3]), { id: 9 });
const EOF = item.eof();
const VMDESC = item.vmdesc({
  name: "dev",
  instance_id: 0,
  fields: [{ size: 3 }],
});

/** Walks over these items after RAM; returns the reported violations too. */
function walk(...items: Uint8Array[]): DeviceState & { found: string[] } {
  const file = new ByteFile(stream(RAM_START, RAM_END, ...items));
  const index = file.run(indexSnapshot(file));
  const found: string[] = [];
  const report = (error: FormatError) => {
    found.push(`${error.rule} ${error.offset - RAM}`);
  };
  const state = file.run(walkDeviceState(file, index, { report }));
  return { ...state, found };
}

test("walkDeviceState() reads devices, EOF and vmdesc", () => {
  const command = item.command(11, 0);
  const state = walk(command, DEVICE, DEVICE, EOF, VMDESC);
  assert.deepEqual(
    state.sections.map(({ range }) => range.offset - RAM),
    [5, 5 + DEVICE.length],
  );
  assert.deepEqual(state.dirtyBitmaps, [], "a command is not a bitmap");
  const eofOffset = RAM + 5 + 2 * DEVICE.length;
  assert.equal(state.eofOffset, eofOffset);
  assert.deepEqual(state.vmdesc?.range, {
    offset: eofOffset + 1,
    length: VMDESC.length,
  });
  assert.equal(state.end, eofOffset + 1 + VMDESC.length);
  assert.deepEqual(state.found, []);
});

test("walkDeviceState() ignores a trailer", () => {
  const trailer = new Uint8Array(100).fill(0x41);
  const state = walk(EOF, VMDESC, trailer);
  assert.equal(state.end, RAM + 1 + VMDESC.length);
  assert.deepEqual(state.found, []);
});

test("walkDeviceState() reports a missing vmdesc after EOF", () => {
  for (const rest of [[], [VMDESC.slice(0, -1)], [new Uint8Array(9)]]) {
    const state = walk(EOF, ...rest);
    assert.deepEqual(state.found, ["vmdesc-present 1"]);
    assert.equal(state.end, RAM + 1);
    assert.equal(state.vmdesc, undefined);
  }
});

test("walkDeviceState() accepts no vmdesc after another byte", () => {
  const state = walk(EOF, new Uint8Array([0]), VMDESC);
  assert.deepEqual(state.found, ["vmdesc-present 1"]);
});

test("walkDeviceState() stops at a device without a description", () => {
  const state = walk(DEVICE, EOF);
  assert.deepEqual(state.found, ["vmdesc-present 0"]);
  assert.equal(state.eofOffset, undefined);
  assert.deepEqual(state.sections, []);
});

test("walkDeviceState() reports a missing EOF item", () => {
  assert.deepEqual(walk().found, ["eof-present 0"]);
  assert.equal(walk().end, RAM);
  const file = new ByteFile(stream(RAM_START, RAM_END));
  const index = file.run(indexSnapshot(file));
  assert.throws(() => file.run(walkDeviceState(file, index)), {
    name: "FormatError",
    rule: "eof-present",
    offset: RAM,
  });
});

test("walkDeviceState() knows the sections that were started before", () => {
  const state = walk(item.rest(2), item.rest(3), EOF, VMDESC);
  assert.deepEqual(state.found, []);
  assert.equal(state.eofOffset, RAM + 2 * item.rest(2).length);
  assert.throws(() => walk(item.rest(2, 5)), { rule: "section-id" });
  assert.throws(() => walk(item.rest(2, 1, new Uint8Array(8))), {
    rule: "ram-body-empty",
    offset: RAM + 5,
  });
});

test("walkDeviceState() refuses a second RAM section after the first", () => {
  const second = item.head(1, "ram", NO_BLOCKS, { id: 2 });
  assert.throws(() => walk(second, EOF, VMDESC), {
    rule: "ram-section-unique",
    offset: RAM,
  });
});

test("walkDeviceState() rejects other bytes in place of an item", () => {
  assert.throws(() => walk(new Uint8Array([9])), {
    rule: "item-type",
    offset: RAM,
  });
  const cut = DEVICE.slice();
  cut[cut.length - 5] = 0;
  assert.throws(() => walk(cut, EOF, VMDESC), { rule: "section-footer" });
});

test("walkDeviceState() does not search a long trailer for a vmdesc", () => {
  const bytes = stream(RAM_START, RAM_END, EOF);
  const file = new ByteFile(bytes, 2 ** 40);
  const index = file.run(indexSnapshot(file));
  file.requests.length = 0;
  const { end } = file.run(walkDeviceState(file, index));
  assert.equal(end, RAM + 1);
  const asked = file.requests.reduce((sum, it) => sum + it.length, 0);
  assert(asked < 1000);
});
