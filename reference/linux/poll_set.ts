import { ERRNO } from "./errno.ts";
import { LINUX } from "./linux_constants.ts";
import { POLLFD } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";
import { readField, writeField } from "./struct_layout.ts";
import { SystemCallError } from "./system_call_error.ts";
import { linux } from "./system_calls.ts";

/** Most descriptors that are waited for at once. */
export const DESCRIPTORS_MAX = 1024;

interface Watched {
  readonly handler: () => void;
  /** What is asked for; that the other end is gone is told in any case. */
  readonly events: number;
}

/** Descriptors to wait for, and what to do when one can be read. */
export class PollSet implements Disposable {
  readonly #watched = new Map<number, Watched>();
  readonly #memory = new NativeMemory(DESCRIPTORS_MAX * POLLFD.size);
  readonly #bytes = this.#memory.bytes();
  readonly #view = new DataView(
    this.#bytes.buffer,
    this.#bytes.byteOffset,
    this.#bytes.length,
  );
  #fds: number[] | undefined;

  /** Whether there is room for so many more. */
  hasRoom(count: number): boolean {
    return this.#watched.size + count <= DESCRIPTORS_MAX;
  }

  /** Calls `handler` whenever `fd` can be read, or its other end is gone. */
  add(fd: number, handler: () => void): void {
    this.#watched.set(fd, { handler, events: LINUX.POLLIN });
    this.#fds = undefined;
  }

  /** Calls `handler` when the other end of `fd` is gone, whatever it sends. */
  addForEnd(fd: number, handler: () => void): void {
    this.#watched.set(fd, { handler, events: 0 });
    this.#fds = undefined;
  }

  /** No longer waits for it. */
  delete(fd: number): void {
    this.#watched.delete(fd);
    this.#fds = undefined;
  }

  /**
   * Waits at most `timeout` milliseconds, calls the handlers, and returns how
   * many there were. `Infinity` is for ever.
   */
  poll(timeout: number): number {
    const fds = this.#fds ??= this.write(this.#view);
    const milliseconds = Number.isFinite(timeout)
      ? Math.min(Math.ceil(timeout), 0x7fffffff)
      : -1;
    const { call, errno } = linux();
    const ready = call.poll(this.#bytes, fds.length, milliseconds);
    if (ready < 0) {
      if (errno() === ERRNO.EINTR || errno() === ERRNO.EAGAIN) return 0;
      throw new SystemCallError("wait for descriptors", errno());
    }
    // A handler may change the set: that counts from the next call on.
    const { revents } = POLLFD.fields;
    for (let index = 0, left = ready; left > 0 && index < fds.length; index++) {
      if (readField(this.#view, revents, index * POLLFD.size) === 0) continue;
      left--;
      this.#watched.get(fds[index])?.handler();
    }
    return ready;
  }

  /** Writes the set as `poll(2)` takes it; returns its descriptors. */
  write(view: DataView): number[] {
    const { fields } = POLLFD;
    let offset = 0;
    for (const [fd, { events }] of this.#watched) {
      writeField(view, fields.fd, { offset, value: fd });
      writeField(view, fields.events, { offset, value: events });
      offset += POLLFD.size;
    }
    return [...this.#watched.keys()];
  }

  /** Gives its memory back; the descriptors stay open. */
  [Symbol.dispose](): void {
    this.#memory.unmap();
  }
}
