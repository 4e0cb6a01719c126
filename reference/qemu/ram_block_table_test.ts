import assert from "node:assert/strict";
import { test } from "node:test";
import { processorTime } from "../testing/processor_time.ts";
import { parseRAMBlocks } from "./ram_block_table.ts";

const TAIL = "0x0000000000000000 0x0000000004000000 0x0000000004200000 " +
  "0x00007fe193e00000  rw";
const USED = 0x4000000;

test("parseRAMBlocks() reads what QEMU prints", () => {
  assert.deepEqual(
    parseRAMBlocks([
      "              Block Name    PSize              Offset   Used   Total",
      `                  pc.ram    2 MiB  ${TAIL}`,
      `    /rom@etc/acpi/tables    4 KiB  ${TAIL}`,
      `          a name of mine   1 GiB  ${TAIL}`,
      `                     odd    512 B  ${TAIL}`,
      `                 4 KiB 0x0    4 KiB  ${TAIL}`,
    ].join("\r\n")),
    [
      { idstr: "pc.ram", hostPageSize: 2 ** 21, usedLength: USED },
      { idstr: "/rom@etc/acpi/tables", hostPageSize: 4096, usedLength: USED },
      { idstr: "a name of mine", hostPageSize: 2 ** 30, usedLength: USED },
      { idstr: "odd", hostPageSize: 512, usedLength: USED },
      { idstr: "4 KiB 0x0", hostPageSize: 4096, usedLength: USED },
    ],
  );
});

test("parseRAMBlocks() finds nothing in other text", () => {
  for (
    const text of [
      "",
      "unknown command: 'info ramblock'",
      "pc.ram 4 KiB 0x0 0xzz 0x0 0x0\nx\n",
      `4 KiB ${TAIL}`,
      `pc.ram 4 constructor ${TAIL}`,
    ]
  ) assert.deepEqual(parseRAMBlocks(text), []);
});

test("parseRAMBlocks() is as fast for hostile text as for any other", () => {
  const many = 2 ** 20;
  for (const piece of [" ", "a ", "0 ", "1 KiB ", "0x0 ", "\n", " \n", "\r"]) {
    const text = `a${piece.repeat(many / piece.length)}x`;
    const begun = processorTime();
    assert.deepEqual(parseRAMBlocks(text), []);
    // With backtracking this takes minutes.
    assert(processorTime() - begun < 5000, JSON.stringify(piece));
  }
});
