import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { NativeMemory, Userfaultfd } from "../linux/mod.ts";
import { uffdTest } from "../linux/testing/uffd_test_case.ts";
import { SERVED_EACH, UNSERVED_EACH } from "./connection_limits.ts";
import { UnservedMemories } from "./unserved_memories.ts";

const PAGE = 4096;
const PID = 7;

/** Returns the addresses of the mappings that a userfaultfd watches. */
function watchedAddresses(): Set<number> {
  const found = new Set<number>();
  let start = 0;
  for (const line of readFileSync("/proc/self/smaps", "utf8").split("\n")) {
    const range = /^([0-9a-f]+)-[0-9a-f]+ /.exec(line);
    if (range !== null) start = parseInt(range[1], 16);
    else if (/^VmFlags:.* um( |$)/.test(line)) found.add(start);
  }
  return found;
}

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

  /**
   * Whether each userfaultfd is still open. Its number does not tell, because
   * another thread may have opened a file since.
   */
  get areOpen(): readonly boolean[] {
    const watched = watchedAddresses();
    return this.#all.map(({ memory }) => watched.has(memory.address));
  }

  /** Number of userfaultfds that are still open. */
  get openCount(): number {
    return this.areOpen.filter((it) => it).length;
  }

  [Symbol.dispose](): void {
    const { areOpen } = this;
    for (const [index, { memory, uffd }] of this.#all.entries()) {
      if (areOpen[index]) uffd.close();
      else uffd.release();
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
    assert.ok(memories.areOpen[0]);
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
