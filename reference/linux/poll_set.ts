import { ERRNO, linux, SystemCallError } from "../system/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { POLLFD } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";
import { readField, writeField } from "./struct_layout.ts";

/** Maximum descriptors of a set. */
export const DESCRIPTORS_MAX = 1024;

/** A descriptor that is polled. */
export interface Watched {
  readonly handler: () => void;
  /** Requested events; a hangup is reported in any case. */
  readonly events: number;
}

/** A set of descriptors to poll, with a handler each. */
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

  /** `onChange` is called when a descriptor is added or deleted. */
  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange;
  }

  /** Whether there is room for `count` more descriptors. */
  hasRoom(count: number): boolean {
    return this.#watched.size + count <= DESCRIPTORS_MAX;
  }

  /** Calls `handler` whenever `fd` is readable or its other end was closed. */
  add(fd: number, handler: () => void): void {
    this.#set(fd, { handler, events: LINUX.POLLIN });
  }

  /**
   * Calls `handler` when the other end of `fd` was closed; ignores its data.
   */
  addForEnd(fd: number, handler: () => void): void {
    this.#set(fd, { handler, events: 0 });
  }

  #set(fd: number, watched: Watched): void {
    this.#watched.set(fd, watched);
    this.#changed();
  }

  /** Stops polling a descriptor. */
  delete(fd: number): void {
    if (this.#watched.delete(fd)) this.#changed();
  }

  #changed(): void {
    this.#written = undefined;
    this.#onChange();
  }

  /**
   * Waits at most `timeout` milliseconds, or without limit if `Infinity`, calls
   * the handlers of ready descriptors, and returns how many were ready.
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
    // A handler may change the set for the next call. A descriptor that it
    // deleted has no handler, even if its number was reused and added again.
    const { revents } = POLLFD.fields;
    for (let index = 0, remaining = ready; remaining > 0; index++) {
      if (readField(this.#view, revents, index * POLLFD.size) === 0) continue;
      remaining--;
      const [fd, watched] = written[index];
      if (this.#watched.get(fd) === watched) watched.handler();
    }
    return ready;
  }

  /** Writes an array of `struct pollfd`; returns its descriptors in order. */
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

  /** Frees the memory of the set; the descriptors stay open. */
  [Symbol.dispose](): void {
    this.#memory.unmap();
  }
}
