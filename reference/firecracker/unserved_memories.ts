import { Userfaultfd } from "../linux/mod.ts";
import { closeDescriptor } from "../system/mod.ts";
import type { PagerLoop } from "../paging/mod.ts";
import { MEMORY_INTERVAL, UNSERVED_EACH } from "./connection_limits.ts";

/** The owner of memory that is not served. */
export interface UnservedOwner {
  /** The process that connected; 0 if it is in another pid namespace. */
  readonly pid: number;
  /** Whether pages were put in place before. */
  readonly wasServed: boolean;
}

/**
 * Keeps the userfaultfds of VMs that are not served until their memory is gone.
 * If one were closed earlier, missing pages would become zero; while it is
 * open, the VM waits.
 */
export class UnservedMemories {
  readonly #timers: Pick<PagerLoop["timers"], "after">;
  /** Owners by descriptor. */
  readonly #kept = new Map<number, UnservedOwner>();

  /** `timers` runs the checks whether memory is gone. */
  constructor(timers: Pick<PagerLoop["timers"], "after">) {
    this.#timers = timers;
  }

  /**
   * Takes ownership of a userfaultfd. Keeps that of any VM that was served, and
   * up to `UNSERVED_EACH` of a process whose memory was refused.
   */
  add(fd: number, owner: UnservedOwner): void {
    const { pid, wasServed } = owner;
    const isTooMuch = !wasServed && pid > 0 &&
      this.#count(owner) >= UNSERVED_EACH;
    if (isTooMuch || !hasMemory(fd)) return closeDescriptor(fd);
    if (this.#kept.size === 0) this.#checkLater();
    this.#kept.set(fd, owner);
  }

  /** Returns how many kept VMs of a process were served. */
  servedOf(pid: number): number {
    return this.#count({ pid, wasServed: true });
  }

  #count({ pid, wasServed }: UnservedOwner): number {
    let count = 0;
    for (const it of this.#kept.values()) {
      if (it.pid === pid && it.wasServed === wasServed) count++;
    }
    return count;
  }

  #checkLater(): void {
    this.#timers.after(MEMORY_INTERVAL, () => {
      for (const fd of this.#kept.keys()) {
        if (hasMemory(fd)) continue;
        this.#kept.delete(fd);
        closeDescriptor(fd);
      }
      if (this.#kept.size > 0) this.#checkLater();
    });
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
