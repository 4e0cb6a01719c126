import { closeDescriptor, Userfaultfd } from "../linux/mod.ts";
import type { PagerLoop } from "../paging/mod.ts";
import { MEMORY_INTERVAL, UNSERVED_EACH } from "./connection_limits.ts";

/**
 * Keeps the userfaultfds of VMs that are not served until their memory is gone.
 * Closed before, pages that are missing would be zero; as it is, the VM waits.
 */
export class UnservedMemories {
  readonly #timers: PagerLoop["timers"];
  /** By descriptor, the process that sent it; the oldest first. */
  readonly #kept = new Map<number, number>();

  /** `timers` runs the checks whether their memory is gone. */
  constructor(timers: PagerLoop["timers"]) {
    this.#timers = timers;
  }

  /** Takes over the userfaultfd of a process; the oldest of many is closed. */
  add(fd: number, pid: number): void {
    if (!hasMemory(fd)) return closeDescriptor(fd);
    const own = [...this.#kept].filter((it) => it[1] === pid);
    if (own.length >= UNSERVED_EACH) this.#close(own[0][0]);
    if (this.#kept.size === 0) this.#lookLater();
    this.#kept.set(fd, pid);
  }

  #lookLater(): void {
    this.#timers.after(MEMORY_INTERVAL, () => {
      for (const fd of this.#kept.keys()) {
        if (!hasMemory(fd)) this.#close(fd);
      }
      if (this.#kept.size > 0) this.#lookLater();
    });
  }

  #close(fd: number): void {
    this.#kept.delete(fd);
    closeDescriptor(fd);
  }
}

function hasMemory(fd: number): boolean {
  const uffd = new Userfaultfd(fd);
  try {
    return uffd.hasMemory();
  } finally {
    uffd.release();
  }
}
