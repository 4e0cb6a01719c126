import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { NativeMemory, Userfaultfd } from "../linux/mod.ts";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { SERVED_EACH, UNSERVED_EACH } from "./connection_limits.ts";
import { UnservedMemories } from "./unserved_memories.ts";

const PAGE = 4096;
const PID = 7;

/** Userfaultfds with memory of this process, in place of VMs. */
class Memories implements Disposable {
  readonly #all = Array.from({ length: SERVED_EACH }, () => {
    const memory = new NativeMemory(PAGE);
    const uffd = Userfaultfd.create({ features: 0 });
    uffd.register(memory.address, memory.byteLength);
    return { memory, uffd };
  });

  get fds(): readonly number[] {
    return this.#all.map(({ uffd }) => uffd.fd);
  }

  /** Number of userfaultfds that are still open. */
  get openCount(): number {
    return this.fds.filter((fd) => existsSync(`/proc/self/fd/${fd}`)).length;
  }

  [Symbol.dispose](): void {
    for (const { memory, uffd } of this.#all) {
      if (existsSync(`/proc/self/fd/${uffd.fd}`)) uffd.close();
      memory.unmap();
    }
  }
}

const timers = { after: () => () => {} };

uffdTest(
  "UnservedMemories keeps the userfaultfd of every VM that was served",
  () => {
    using memories = new Memories();
    const unserved = new UnservedMemories(timers);
    for (const fd of memories.fds) {
      unserved.add(fd, { pid: PID, wasServed: true });
    }
    assert.equal(memories.openCount, memories.fds.length);
    assert.equal(unserved.servedOf(PID), memories.fds.length);
  },
);

uffdTest(
  "UnservedMemories limits the refused userfaultfds of a process",
  () => {
    using memories = new Memories();
    const unserved = new UnservedMemories(timers);
    const [first, ...others] = memories.fds;
    unserved.add(first, { pid: PID, wasServed: true });
    for (const fd of others) unserved.add(fd, { pid: PID, wasServed: false });
    assert.equal(memories.openCount, 1 + UNSERVED_EACH);
    assert.ok(existsSync(`/proc/self/fd/${first}`));
    assert.equal(unserved.servedOf(PID), 1);
  },
);

uffdTest(
  "UnservedMemories does not limit processes of other namespaces",
  () => {
    using memories = new Memories();
    const unserved = new UnservedMemories(timers);
    for (const fd of memories.fds) {
      unserved.add(fd, { pid: 0, wasServed: false });
    }
    assert.equal(memories.openCount, memories.fds.length);
  },
);
