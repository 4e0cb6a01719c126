import { ERRNO } from "./errno.ts";
import { LINUX } from "./linux_constants.ts";
import { POLLFD } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";
import { readField, writeField } from "./struct_layout.ts";
import { SystemCallError } from "./system_call_error.ts";
import { linux } from "./system_calls.ts";

/** Most descriptors that are waited for at once. */
export const DESCRIPTORS_MAX = 1024;

/** A descriptor that is waited for. */
export interface Watched {
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
  readonly #onChange: () => void;
  /** The set as it was written for the next call. */
  #written: (readonly [number, Watched])[] | undefined;

  /** `onChange` is told that there is another set to wait for. */
  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange;
  }

  /** Whether there is room for so many more. */
  hasRoom(count: number): boolean {
    return this.#watched.size + count <= DESCRIPTORS_MAX;
  }

  /** Calls `handler` whenever `fd` can be read, or its other end is gone. */
  add(fd: number, handler: () => void): void {
    this.#set(fd, { handler, events: LINUX.POLLIN });
  }

  /** Calls `handler` when the other end of `fd` is gone, whatever it sends. */
  addForEnd(fd: number, handler: () => void): void {
    this.#set(fd, { handler, events: 0 });
  }

  #set(fd: number, watched: Watched): void {
    this.#watched.set(fd, watched);
    this.#changed();
  }

  /** No longer waits for it. */
  delete(fd: number): void {
    if (this.#watched.delete(fd)) this.#changed();
  }

  #changed(): void {
    this.#written = undefined;
    this.#onChange();
  }

  /**
   * Waits at most `timeout` milliseconds, calls the handlers, and returns how
   * many there were. `Infinity` is for ever.
   */
  poll(timeout: number): number {
    const written = this.#written ??= this.write(this.#view);
    const milliseconds = Number.isFinite(timeout)
      ? Math.min(Math.ceil(timeout), 0x7fffffff)
      : -1;
    const { call, errno } = linux();
    const ready = call.poll(this.#bytes, written.length, milliseconds);
    if (ready < 0) {
      if (errno() === ERRNO.EINTR || errno() === ERRNO.EAGAIN) return 0;
      throw new SystemCallError("wait for descriptors", { errno: errno() });
    }
    // A handler may change the set: that counts from the next call on. What it
    // has closed is nobody's, though its number may be another's by now.
    const { revents } = POLLFD.fields;
    for (let index = 0, left = ready; left > 0; index++) {
      if (readField(this.#view, revents, index * POLLFD.size) === 0) continue;
      left--;
      const [fd, watched] = written[index];
      if (this.#watched.get(fd) === watched) watched.handler();
    }
    return ready;
  }

  /** Writes the set as `poll(2)` takes it; returns what was written. */
  write(view: DataView): (readonly [number, Watched])[] {
    const { fields } = POLLFD;
    let offset = 0;
    for (const [fd, { events }] of this.#watched) {
      writeField(view, fields.fd, { offset, value: fd });
      writeField(view, fields.events, { offset, value: events });
      offset += POLLFD.size;
    }
    return [...this.#watched];
  }

  /** Gives its memory back; the descriptors stay open. */
  [Symbol.dispose](): void {
    this.#memory.unmap();
  }
}
