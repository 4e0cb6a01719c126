import assert from "node:assert/strict";
import { addressOf } from "./native_addresses.ts";
import { NativeBuffers } from "./native_buffers.ts";
import { linux } from "../system/mod.ts";
import { uffdTest } from "./testing/uffd_test_case.ts";

/** Whether memory is mapped at an address. */
function isMapped(address: number): boolean {
  return linux().call.mincore(address, 4096, new Uint8Array(1)) === 0;
}

uffdTest(
  "NativeBuffers keeps a buffer mapped until it is given back",
  () => {
    const buffers = new NativeBuffers();
    const [taken, given] = [buffers.take(0x10000), buffers.take(0x10000)];
    const addresses = [taken, given].map((it) => addressOf(it) ?? 0);
    buffers.give(given);
    assert.equal(buffers.take(0x10000), given);
    buffers.give(given);
    buffers[Symbol.dispose]();
    // A read into it may still be in progress.
    taken.fill(7);
    assert.deepEqual(addresses.map(isMapped), [true, false]);
    buffers.give(taken);
    assert.deepEqual(addresses.map(isMapped), [false, false]);
  },
);

uffdTest("NativeBuffers keeps at most 16 MiB of free buffers", () => {
  using buffers = new NativeBuffers();
  const all = Array.from({ length: 32 }, () => buffers.take(0x200000));
  const addresses = all.map((it) => addressOf(it) ?? 0);
  for (const bytes of all) buffers.give(bytes);
  assert.equal(addresses.filter(isMapped).length, 8);
});
