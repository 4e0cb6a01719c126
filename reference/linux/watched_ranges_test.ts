import assert from "node:assert/strict";
import { NativeMemory, Userfaultfd, watchedRanges } from "./mod.ts";
import { uffdTest } from "./testing/uffd_test_case.ts";

uffdTest("watchedRanges() leaves out what is not watched", () => {
  using memory = new NativeMemory(8 * 4096);
  const { address, byteLength, pageSize } = memory;
  using uffd = Userfaultfd.create({ features: 0 });
  assert.deepEqual(watchedRanges(memory), []);
  uffd.register(address, byteLength);
  assert.deepEqual(watchedRanges(memory), [{ address, byteLength }]);
  uffd.unregister(address + 3 * pageSize, pageSize);
  const [first, second] = [
    { address, byteLength: 3 * pageSize },
    { address: address + 4 * pageSize, byteLength: 4 * pageSize },
  ];
  assert.deepEqual(watchedRanges(memory), [first, second]);
  const part = { address: address + pageSize, byteLength: pageSize };
  assert.deepEqual(watchedRanges(part), [part]);
});
