import { LINUX } from "./linux_constants.ts";
import { NativeMemory } from "./native_memory.ts";
import { check, closeDescriptor, linux } from "./system_calls.ts";

/** Wakes a thread that waits for descriptors, from any other. */
export class EventDescriptor implements Disposable {
  /** Can be read once it was rung. */
  readonly fd: number;
  readonly #memory = new NativeMemory(8);

  /** A new one, or one that another thread made. */
  constructor(fd?: number) {
    const flags = LINUX.EFD_CLOEXEC | LINUX.EFD_NONBLOCK;
    this.fd = fd ?? check(linux().call.eventfd(0, flags), "make an eventfd");
  }

  /** Wakes whoever waits. */
  ring(): void {
    this.#memory.bytes().fill(0).set([1]);
    linux().call.write(this.fd, this.#memory.address, 8);
  }

  /** Forgets that it was rung. */
  clear(): void {
    linux().call.read(this.fd, this.#memory.bytes(), 8n);
  }

  /** Gives its memory back; the descriptor stays open. */
  release(): void {
    this.#memory.unmap();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    closeDescriptor(this.fd);
    this.release();
  }
}
