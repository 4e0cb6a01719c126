import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, linux } from "../system/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { NativeMemory } from "./native_memory.ts";
import { Userfaultfd } from "./userfaultfd.ts";

const PAGE = 4096;

for (const by of ["syscall", "device"] as const) {
  test(`Userfaultfd created by the ${by} puts pages in place and reports what stopped it`, () => {
    using memory = new NativeMemory(0x100000);
    using bytes = new NativeMemory(2 * PAGE);
    using uffd = Userfaultfd.create({ by });
    const at = memory.address;
    assert.equal(uffd.register(at, memory.byteLength), true);
    bytes.bytes().fill(7);
    const from = bytes.address;

    assert.deepEqual(uffd.copy(at, from, 2 * PAGE), {
      length: 2 * PAGE,
      errno: 0,
    });
    assert.deepEqual(uffd.copy(at + PAGE, from, 2 * PAGE), {
      length: 0,
      errno: ERRNO.EEXIST,
    });
    assert.deepEqual(uffd.copy(from, from, PAGE), {
      length: 0,
      errno: ERRNO.ENOENT,
    });
    assert.deepEqual(uffd.zeropage(at + 4 * PAGE, 4 * PAGE), {
      length: 4 * PAGE,
      errno: 0,
    });
    // Part of the range is done before a page that is in place stops it.
    assert.deepEqual(uffd.zeropage(at + 2 * PAGE, 8 * PAGE), {
      length: 2 * PAGE,
      errno: ERRNO.EAGAIN,
    });
    assert.deepEqual([...memory.bytes(PAGE - 1, 2)], [7, 7]);
    assert.deepEqual([...memory.bytes(2 * PAGE - 1, 2)], [7, 0]);
    assert.deepEqual(uffd.read(), []);
    uffd.wake(at, PAGE);
    assert.throws(() => uffd.register(at + 1, PAGE), /EINVAL/);
    // Otherwise unmapping the memory would wait until its event is read.
    uffd.unregister(at, memory.byteLength);
  });
}

/** Returns a userfaultfd that reuses the number of a closed one. */
function openAs(fd: number): Userfaultfd {
  // Other threads of this process open files as well.
  for (let tries = 0; tries < 1000; tries++) {
    const uffd = Userfaultfd.create();
    if (uffd.fd === fd) return uffd;
    uffd.close();
  }
  throw new Error(`Descriptor ${fd} is not free again`);
}

test("Userfaultfd does nothing after it was closed, even if its number is reused", () => {
  using memory = new NativeMemory(4 * PAGE);
  using bytes = new NativeMemory(PAGE);
  const { address, byteLength } = memory;
  const closed = Userfaultfd.create();
  closed.close();
  using other = openAs(closed.fd);
  other.register(address, byteLength);
  const nothing = { length: 0, errno: ERRNO.ESRCH };
  assert.deepEqual(closed.copy(address, bytes.address, PAGE), nothing);
  assert.deepEqual(closed.zeropage(address, PAGE), nothing);
  assert.deepEqual(closed.read(), []);
  closed.wake(address, PAGE);
  closed.unregister(address, byteLength);
  closed.close();
  // The page of the other userfaultfd is still missing and registered.
  assert.equal(other.zeropage(address, PAGE).length, PAGE);
  other.unregister(address, byteLength);
});

test("Userfaultfd.read() does not block, even if its descriptor would", () => {
  using uffd = Userfaultfd.create();
  const { call } = linux();
  uffd.checkNonBlocking();
  call.fcntl(uffd.fd, LINUX.F_SETFL, 0);
  assert.deepEqual(uffd.read(), []);
  assert.throws(() => uffd.checkNonBlocking(), /O_NONBLOCK/);
});
