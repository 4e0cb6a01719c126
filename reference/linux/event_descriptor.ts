import { LINUX } from "./linux_constants.ts";
import { NativeMemory } from "./native_memory.ts";
import { check, closeDescriptor, linux } from "../system/mod.ts";

/** An eventfd, with which any thread can wake one that polls descriptors. */
export class EventDescriptor implements Disposable {
  /** Readable once it was rung. */
  readonly fd: number;
  readonly #memory: NativeMemory;

  /** Creates an eventfd, or uses one that another thread created. */
  constructor(fd?: number) {
    const flags = LINUX.EFD_CLOEXEC | LINUX.EFD_NONBLOCK;
    this.fd = fd ?? check(linux().call.eventfd(0, flags), "create an eventfd");
    this.#memory = new NativeMemory(8);
  }

  /** Wakes the thread that polls it. */
  ring(): void {
    this.#memory.bytes().fill(0).set([1]);
    linux().call.write(this.fd, this.#memory.address, 8);
  }

  /** Makes it unreadable until it is rung again. */
  clear(): void {
    linux().call.read(this.fd, this.#memory.bytes(), 8n);
  }

  /** Frees the memory of this object; the descriptor stays open. */
  release(): void {
    this.#memory.unmap();
  }

  /** Closes the descriptor. */
  [Symbol.dispose](): void {
    closeDescriptor(this.fd);
    this.release();
  }
}
