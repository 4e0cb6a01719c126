import assert from "node:assert/strict";
import { NativeBuffers, NativeMemory, Userfaultfd } from "../linux/mod.ts";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { UffdInstaller } from "./uffd_installer.ts";

const PAGE = 4096;

uffdTest("UffdInstaller skips pages that are in place or unmapped", () => {
  using memory = new NativeMemory(16 * PAGE);
  using uffd = Userfaultfd.create();
  uffd.register(memory.address, memory.byteLength);
  const { address, byteLength } = memory;
  using buffers = new NativeBuffers();
  using installer = new UffdInstaller(
    uffd,
    { address, byteLength, pageSize: PAGE },
    { hasZeropage: true, buffers },
  );
  const bytes = installer.allocate(16 * PAGE).fill(7);
  const one = { bytes, start: 0, length: PAGE };
  const all = { bytes, start: 0, length: 16 * PAGE };
  assert.equal(installer.copy(4 * PAGE, one), PAGE);
  bytes.fill(9);
  installer.move(address + 10 * PAGE, 2 * PAGE, undefined);
  assert.equal(installer.copy(0, all), 16 * PAGE);
  const first = Array.from({ length: 16 }, (_, page) => page)
    .filter((page) => page !== 10 && page !== 11)
    .map((page) => memory.bytes(page * PAGE, 1)[0]);
  assert.deepEqual(first, [9, 9, 9, 9, 7, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
  const other = { ...one, bytes: new Uint8Array(PAGE) };
  assert.throws(() => installer.copy(0, other), TypeError);
  // Nothing reads the events of an unmapping here.
  uffd.unregister(address, byteLength);
});

uffdTest("UffdInstaller wakes waiters of unregistered memory", () => {
  using memory = new NativeMemory(4 * PAGE);
  using uffd = Userfaultfd.create();
  uffd.register(memory.address, memory.byteLength);
  const { address, byteLength } = memory;
  using buffers = new NativeBuffers();
  using installer = new UffdInstaller(
    uffd,
    { address, byteLength, pageSize: PAGE },
    { hasZeropage: true, buffers },
  );
  uffd.unregister(address, byteLength);
  // A thread that faults at that very moment sleeps, and nothing else wakes it.
  const woken: number[] = [];
  uffd.wake = (at, length) => void woken.push((at - address) / PAGE, length);
  assert.equal(installer.zeropage(PAGE, 2 * PAGE), 2 * PAGE);
  const bytes = installer.allocate(PAGE);
  assert.equal(installer.copy(0, { bytes, start: 0, length: PAGE }), PAGE);
  assert.deepEqual(woken, [1, PAGE, 2, PAGE, 0, PAGE]);
});

uffdTest(
  "UffdInstaller tracks memory that was moved in parts",
  () => {
    using uffd = Userfaultfd.create();
    using buffers = new NativeBuffers();
    using installer = new UffdInstaller(
      uffd,
      { address: 0x100000, byteLength: 16 * PAGE, pageSize: PAGE },
      { hasZeropage: true, buffers },
    );
    installer.move(0x100000 + 4 * PAGE, 4 * PAGE, 0x900000);
    installer.move(0x100000 + 12 * PAGE, 4 * PAGE, undefined);
    assert.equal(installer.offsetOf(0x900000 + PAGE), 5 * PAGE);
    assert.equal(installer.offsetOf(0x100000 + 5 * PAGE), undefined);
    assert.equal(installer.offsetOf(0x100000 + 9 * PAGE), 9 * PAGE);
    assert.equal(installer.offsetOf(0x100000 + 13 * PAGE), undefined);
    assert.deepEqual(installer.partsIn(0x900000 + PAGE, 0x900000 + 3 * PAGE), [
      { offset: 5 * PAGE, length: 2 * PAGE },
    ]);
    // A part of the moved memory is moved again, which splits it.
    installer.move(0x900000 + PAGE, PAGE, 0x200000);
    assert.equal(installer.offsetOf(0x200000), 5 * PAGE);
    assert.deepEqual(
      installer.segments.map(({ address, length }) => [address, length / PAGE]),
      [[0x100000, 4], [0x900000, 1], [0x200000, 1], [0x900000 + 2 * PAGE, 2], [
        0x100000 + 8 * PAGE,
        4,
      ]],
    );
  },
);

uffdTest("UffdInstaller limits the number of pieces of its memory", () => {
  using uffd = Userfaultfd.create();
  using buffers = new NativeBuffers();
  using installer = new UffdInstaller(
    uffd,
    { address: 0x100000, byteLength: 0x10000 * PAGE, pageSize: PAGE },
    { hasZeropage: true, buffers },
  );
  assert.throws(
    () => {
      for (let page = 0; page < 0x10000; page += 2) {
        installer.move(0x100000 + page * PAGE, PAGE, undefined);
      }
    },
    /memory in 1025 pieces/,
  );
});
