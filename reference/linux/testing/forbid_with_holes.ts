/**
 * Forbids memory of which a page was unmapped, and prints the permissions of
 * what is left of it. A process of its own: elsewhere another thread might be
 * given the address of that page.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { linux, NativeMemory } from "../mod.ts";

for (const hole of [0, 3, 7]) {
  const memory = new NativeMemory(8 * linux().pageSize);
  const { address, byteLength, pageSize } = memory;
  const maps = () =>
    readFileSync("/proc/self/maps", "utf8").split("\n").flatMap((line) => {
      const [, from, to, permissions] = /^(\w+)-(\w+) (\S+)/.exec(line) ?? [];
      const [start, end] = [parseInt(from, 16), parseInt(to, 16)];
      const isInside = start < address + byteLength && end > address;
      return isInside ? [permissions] : [];
    });
  linux().call.munmap(address + hole * pageSize, pageSize);
  const before = maps().includes("rw-p");
  memory.forbid();
  console.log(before, maps().includes("rw-p"));
}
