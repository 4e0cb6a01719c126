import { SourceError } from "../sources/mod.ts";
import {
  check,
  closeDescriptor,
  ERRNO,
  linux,
  SystemCallError,
} from "../system/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { NativeMemory } from "./native_memory.ts";
import { openUserfaultfd } from "./open_userfaultfd.ts";
import { type Placed, placed, RELEASED } from "./placed.ts";
import { ReadWithoutWaiting } from "./read_without_waiting.ts";
import { readField, type StructField, writeU64 } from "./struct_layout.ts";
import { withUnreadablePage } from "./unreadable_page.ts";
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

/** Options of `Userfaultfd.create`. */
export interface UserfaultfdOptions {
  /** Required features, as bits of `UFFD`. Default: `EVENT_FEATURES`. */
  readonly features?: number | undefined;
  /** Use the system call or `/dev/userfaultfd`. Default: what is permitted. */
  readonly by?: "syscall" | "device" | undefined;
}

const NONE: readonly UserfaultEvent[] = [];

/** Maximum events of one read. */
const EVENTS_AT_ONCE = 64;
/** Offset of a call's struct in the scratch memory, after the events. */
const STRUCT_AT = EVENTS_AT_ONCE * UFFD_MSG.size;

/** An arbitrary valid user-space address. */
const ANYWHERE = 0x40000000;

/** Features with which a pager sees removed, unmapped and moved memory. */
const EVENT_FEATURES: number = UFFD.UFFD_FEATURE_EVENT_REMOVE |
  UFFD.UFFD_FEATURE_EVENT_UNMAP | UFFD.UFFD_FEATURE_EVENT_REMAP;

/**
 * A userfaultfd: reports page faults in registered memory, and puts pages in
 * place. While it is open and a fault is not answered, the faulting thread
 * waits; when it is closed, missing pages become zero. So close it last.
 *
 * After {@linkcode close} or {@linkcode release} nothing is put in place: its
 * number may have been reused, so all calls return `ESRCH`.
 */
export class Userfaultfd implements Disposable {
  /** The descriptor. */
  readonly fd: number;
  readonly #scratch = new NativeMemory(STRUCT_AT + 128);
  readonly #events = this.#scratch.bytes();
  readonly #struct = this.#events.subarray(STRUCT_AT);
  readonly #view: DataView;
  readonly #call = linux().call;
  readonly #reader = new ReadWithoutWaiting(this.#scratch);
  #isReleased = false;
  #isClosed = false;

  /** Takes ownership of a descriptor on which `UFFDIO_API` was done. */
  constructor(fd: number) {
    this.fd = fd;
    const { buffer, byteOffset } = this.#events;
    this.#view = new DataView(buffer, byteOffset, this.#scratch.byteLength);
  }

  /**
   * Creates a userfaultfd of this process.
   *
   * @throws {SystemCallError} if the kernel does not support or permit it; the
   *   message says what is missing
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
      () => "the kernel does not support them",
    );
  }

  /**
   * Registers a range for missing pages. Returns whether `zeropage` works
   * there; if not, copy zeros instead.
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

  /** Unregisters a range: its missing pages read as zero from now on. */
  unregister(address: number, length: number): void {
    if (this.#isReleased) return;
    this.#range(address, length);
    check(
      this.#ioctl(UFFD.UFFDIO_UNREGISTER),
      `unregister ${length} bytes at 0x${address.toString(16)}`,
    );
  }

  /** Puts the bytes at `from` in place and wakes the threads waiting there. */
  copy(address: number, from: number, length: number): Placed {
    if (this.#isReleased) return RELEASED;
    const { fields } = UFFDIO_COPY;
    this.#put(fields.dst, address);
    this.#put(fields.src, from);
    this.#put(fields.len, length);
    this.#put(fields.mode, 0);
    // Kernels before 6.15 do not set this field if they refuse at once.
    this.#put(fields.copy, 0);
    if (this.#ioctl(UFFD.UFFDIO_COPY) === 0) return { length, errno: 0 };
    return placed(readField(this.#view, fields.copy, STRUCT_AT));
  }

  /** Puts zero pages in place and wakes the threads waiting for them. */
  zeropage(address: number, length: number): Placed {
    if (this.#isReleased) return RELEASED;
    const { fields } = UFFDIO_ZEROPAGE;
    this.#range(address, length);
    this.#put(fields.mode, 0);
    this.#put(fields.zeropage, 0);
    if (this.#ioctl(UFFD.UFFDIO_ZEROPAGE) === 0) return { length, errno: 0 };
    return placed(readField(this.#view, fields.zeropage, STRUCT_AT));
  }

  /** Wakes the threads that wait for these pages, so that they retry. */
  wake(address: number, length: number): void {
    if (this.#isReleased) return;
    this.#range(address, length);
    this.#ioctl(UFFD.UFFDIO_WAKE);
  }

  /**
   * Reads pending events, oldest first, at most 64; returns none if there are
   * none. Never blocks, even if others that share the descriptor make it
   * blocking. A thread that removes memory continues as soon as its event is
   * read: from then on no old page may be put there.
   *
   * @throws {SystemCallError} if the process of the memory has ended
   */
  read(maxEvents: number = EVENTS_AT_ONCE): readonly UserfaultEvent[] {
    if (this.#isReleased) return NONE;
    const bytes = Math.min(maxEvents, EVENTS_AT_ONCE) * UFFD_MSG.size;
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
      // The memory of a child process is not served, so close its userfaultfd.
      if (event.kind === "fork") closeDescriptor(event.fd);
      else events.push(event);
    }
    return events;
  }

  /** Whether the process of the memory still exists. */
  hasMemory(): boolean {
    return withUnreadablePage((from) =>
      this.copy(ANYWHERE, from, linux().pageSize).errno !== ERRNO.ESRCH
    );
  }

  /**
   * Checks that the descriptor can still be polled; another process that shares
   * it may have cleared `O_NONBLOCK`.
   *
   * @throws {SourceError} if it cannot be polled
   */
  checkNonBlocking(): void {
    if (this.#isReleased) return;
    const flags = this.#call.fcntl(this.fd, LINUX.F_GETFL, 0);
    if ((flags & LINUX.O_NONBLOCK) !== 0) return;
    throw new SourceError(
      "userfaultfd",
      "Cannot wait for page faults: O_NONBLOCK was cleared on the userfaultfd",
    );
  }

  /** Closes the descriptor; pages still missing are zero from then on. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.release();
    closeDescriptor(this.fd);
  }

  /** Stops putting pages in place, but leaves the descriptor open. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#scratch.unmap();
  }

  /** Closes the descriptor as {@linkcode close} does. */
  [Symbol.dispose](): void {
    this.close();
  }

  #range(address: number, length: number): void {
    const { fields } = UFFDIO_RANGE;
    this.#put(fields.start, address);
    this.#put(fields.len, length);
  }

  /** Writes a field of a call's struct; all of them have 64 bits. */
  #put({ offset }: StructField, value: number): void {
    writeU64(this.#view, STRUCT_AT + offset, value);
  }

  #ioctl(request: number): number {
    return this.#call.ioctl(this.fd, request, this.#struct);
  }
}
