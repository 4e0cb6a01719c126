import { SourceError } from "../sources/mod.ts";
import { ERRNO } from "./errno.ts";
import { LINUX } from "./linux_constants.ts";
import { NativeMemory } from "./native_memory.ts";
import { openUserfaultfd } from "./open_userfaultfd.ts";
import { type Placed, placed, RELEASED } from "./placed.ts";
import { ReadWithoutWaiting } from "./read_without_waiting.ts";
import { readField, type StructField, writeU64 } from "./struct_layout.ts";
import { SystemCallError } from "./system_call_error.ts";
import { withUnreadablePage } from "./unreadable_page.ts";
import { check, closeDescriptor, linux } from "./system_calls.ts";
import { eventAt, type UserfaultEvent } from "./userfault_event.ts";
import {
  UFFD,
  UFFD_IOCTL_BITS,
  UFFD_MSG,
  UFFDIO_API,
  UFFDIO_COPY,
  UFFDIO_RANGE,
  UFFDIO_REGISTER,
  UFFDIO_ZEROPAGE,
} from "./userfaultfd_interface.ts";

/** How to make a userfaultfd. */
export interface UserfaultfdOptions {
  /** Which features it must have, as bits of `UFFD`. Default: events. */
  readonly features?: number | undefined;
  /** By the system call or by `/dev/userfaultfd`. Default: what is permitted. */
  readonly by?: "syscall" | "device" | undefined;
}

const NONE: readonly UserfaultEvent[] = [];

/** Events that can be read with one call. */
const EVENTS_AT_ONCE = 64;
/** In the scratch memory: events, and behind them the struct of a call. */
const STRUCT_AT = EVENTS_AT_ONCE * UFFD_MSG.size;

/** An address that any process may have memory at. */
const ANYWHERE = 0x40000000;

/** Features of a pager that must see what becomes of its memory. */
export const EVENT_FEATURES: number = UFFD.UFFD_FEATURE_EVENT_REMOVE |
  UFFD.UFFD_FEATURE_EVENT_UNMAP | UFFD.UFFD_FEATURE_EVENT_REMAP;

/**
 * A userfaultfd: tells of page faults in memory that is registered, and puts
 * pages in place. While it is held open and nobody answers, who faults waits;
 * when it is closed, pages not yet in place are zero. So close it last.
 *
 * After {@linkcode close} or {@linkcode release} nothing is put in place any
 * more: its number may be another descriptor's by then, and what still comes for
 * its memory meets `ESRCH`.
 */
export class Userfaultfd implements Disposable {
  /** Its descriptor. */
  readonly fd: number;
  readonly #scratch = new NativeMemory(STRUCT_AT + 128);
  readonly #events = this.#scratch.bytes();
  readonly #struct = this.#events.subarray(STRUCT_AT);
  readonly #view: DataView;
  readonly #call = linux().call;
  readonly #reader = new ReadWithoutWaiting(this.#scratch);
  #isReleased = false;
  #isClosed = false;

  /** Takes over a descriptor on which the handshake was done. */
  constructor(fd: number) {
    this.fd = fd;
    const { buffer, byteOffset } = this.#events;
    this.#view = new DataView(buffer, byteOffset, this.#scratch.byteLength);
  }

  /**
   * Makes one of this process.
   *
   * @throws {SystemCallError} if the kernel has none or does not permit it; it
   *   says what is missing
   */
  static create(options: UserfaultfdOptions = {}): Userfaultfd {
    const fd = openUserfaultfd(options.by);
    const uffd = new Userfaultfd(fd);
    try {
      uffd.#enable(options.features ?? EVENT_FEATURES);
    } catch (error) {
      uffd.close();
      throw error;
    }
    return uffd;
  }

  #enable(features: number): void {
    const { fields } = UFFDIO_API;
    this.#put(fields.api, UFFD.UFFD_API);
    this.#put(fields.features, features);
    this.#put(fields.ioctls, 0);
    check(
      this.#ioctl(UFFD.UFFDIO_API),
      `use userfaultfd with features 0x${features.toString(16)}`,
      () => "the kernel is too old for them",
    );
  }

  /**
   * Watches a range for pages that are missing; returns whether zero pages can
   * be put there by `zeropage`, else they are copied.
   */
  register(address: number, length: number): boolean {
    const { fields } = UFFDIO_REGISTER;
    this.#range(address, length);
    this.#put(fields.mode, UFFD.UFFDIO_REGISTER_MODE_MISSING);
    this.#put(fields.ioctls, 0);
    check(
      this.#ioctl(UFFD.UFFDIO_REGISTER),
      `register ${length} bytes at 0x${address.toString(16)} for faults`,
    );
    const low = readField(this.#view, fields.ioctls, STRUCT_AT) % 0x100000000;
    return (low >>> UFFD_IOCTL_BITS.ZEROPAGE & 1) === 1;
  }

  /** Watches a range no more: pages missing in it are zero from now on. */
  unregister(address: number, length: number): void {
    if (this.#isReleased) return;
    this.#range(address, length);
    check(
      this.#ioctl(UFFD.UFFDIO_UNREGISTER),
      `unregister ${length} bytes at 0x${address.toString(16)}`,
    );
  }

  /** Puts the bytes at `from` in place, and wakes who waits for them. */
  copy(address: number, from: number, length: number): Placed {
    if (this.#isReleased) return RELEASED;
    const { fields } = UFFDIO_COPY;
    this.#put(fields.dst, address);
    this.#put(fields.src, from);
    this.#put(fields.len, length);
    this.#put(fields.mode, 0);
    // Kernels before 6.15 do not write it if they refuse at once.
    this.#put(fields.copy, 0);
    if (this.#ioctl(UFFD.UFFDIO_COPY) === 0) return { length, errno: 0 };
    return placed(readField(this.#view, fields.copy, STRUCT_AT));
  }

  /** Puts zero pages in place, and wakes who waits for them. */
  zeropage(address: number, length: number): Placed {
    if (this.#isReleased) return RELEASED;
    const { fields } = UFFDIO_ZEROPAGE;
    this.#range(address, length);
    this.#put(fields.mode, 0);
    this.#put(fields.zeropage, 0);
    if (this.#ioctl(UFFD.UFFDIO_ZEROPAGE) === 0) return { length, errno: 0 };
    return placed(readField(this.#view, fields.zeropage, STRUCT_AT));
  }

  /** Lets who waits for these pages look again. */
  wake(address: number, length: number): void {
    if (this.#isReleased) return;
    this.#range(address, length);
    this.#ioctl(UFFD.UFFDIO_WAKE);
  }

  /**
   * What happened since, oldest first, at most 64 events; none if nothing did. It
   * never waits, whatever others that hold the descriptor do to it. Who removes
   * memory goes on as soon as that event is read: from then on nothing old may be
   * put there.
   *
   * @throws {SystemCallError} if the memory's process is no more
   */
  read(most: number = EVENTS_AT_ONCE): readonly UserfaultEvent[] {
    if (this.#isReleased) return NONE;
    const bytes = Math.min(most, EVENTS_AT_ONCE) * UFFD_MSG.size;
    const length = this.#reader.read(this.fd, bytes);
    if (length < 0) {
      const errno = linux().errno();
      if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return NONE;
      throw new SystemCallError("read events of a userfaultfd", { errno });
    }
    const events: UserfaultEvent[] = [];
    for (let at = 0; at + UFFD_MSG.size <= length; at += UFFD_MSG.size) {
      const event = eventAt(this.#view, at);
      if (event === undefined) continue;
      // The memory of a child is nobody's to fill; its descriptor came with it.
      if (event.kind === "fork") closeDescriptor(event.fd);
      else events.push(event);
    }
    return events;
  }

  /** Whether there is still a process whose memory it watches. */
  hasMemory(): boolean {
    return withUnreadablePage((from) =>
      this.copy(ANYWHERE, from, linux().pageSize).errno !== ERRNO.ESRCH
    );
  }

  /**
   * Sees that it can still be waited for, which who shares it can end.
   *
   * @throws {SourceError} if it cannot
   */
  checkNonBlocking(): void {
    if (this.#isReleased) return;
    const flags = this.#call.fcntl(this.fd, LINUX.F_GETFL, 0);
    if ((flags & LINUX.O_NONBLOCK) !== 0) return;
    throw new SourceError(
      "userfaultfd",
      "Cannot wait for page faults: O_NONBLOCK was taken from the userfaultfd",
    );
  }

  /** Closes it; pages that are still missing are zero from then on. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.release();
    closeDescriptor(this.fd);
  }

  /** Puts nothing in place any more, but leaves the descriptor open. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#scratch.unmap();
  }

  /** As {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #range(address: number, length: number): void {
    const { fields } = UFFDIO_RANGE;
    this.#put(fields.start, address);
    this.#put(fields.len, length);
  }

  /** Writes a field, of 64 bits as all are, of the struct of a call. */
  #put({ offset }: StructField, value: number): void {
    writeU64(this.#view, STRUCT_AT + offset, value);
  }

  #ioctl(request: number): number {
    return this.#call.ioctl(this.fd, request, this.#struct);
  }
}
