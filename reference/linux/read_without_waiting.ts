import {
  ERRNO,
  type ForeignFunction,
  foreignLibrary,
  type ForeignSignatures,
  linux,
} from "../system/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { IOVEC } from "./linux_structs.ts";
import type { NativeMemory } from "./native_memory.ts";
import { writeField } from "./struct_layout.ts";

const SIGNATURES = {
  preadv2: {
    parameters: ["i32", "bytes", "i32", "i64", "i32"],
    result: "i32",
  },
} as const satisfies ForeignSignatures;

/** The offset for a file without a position. */
const NO_OFFSET = -1n;

/** The call; undefined if the C library or the kernel does not support it. */
let preadv2: ForeignFunction | undefined;
let isBound = false;

function bindOnce(): ForeignFunction | undefined {
  if (isBound) return preadv2;
  isBound = true;
  try {
    preadv2 = foreignLibrary().bind(SIGNATURES).preadv2;
  } catch {
    // musl before 1.2.5 lacks it.
  }
  return preadv2;
}

/**
 * Reads into the start of a memory without ever blocking. `O_NONBLOCK` belongs
 * to the open file, so another process that shares the descriptor may have
 * cleared it.
 */
export class ReadWithoutWaiting {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #vector: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #length = 0;

  /** Reads into `memory`, whose last bytes hold the argument of the call. */
  constructor(memory: NativeMemory) {
    this.#bytes = memory.bytes();
    this.#vector = memory.bytes(memory.byteLength - IOVEC.size, IOVEC.size);
    const { buffer, byteOffset, length } = this.#vector;
    this.#view = new DataView(buffer, byteOffset, length);
    writeField(this.#view, IOVEC.fields.iov_base, { value: memory.address });
  }

  /** Returns the bytes read, or -1, as `read(2)` does. */
  read(fd: number, length: number): number {
    const call = bindOnce();
    if (call === undefined) return this.#readAfterAsking(fd, length);
    if (length !== this.#length) {
      writeField(this.#view, IOVEC.fields.iov_len, { value: length });
      this.#length = length;
    }
    const done = call(fd, this.#vector, 1, NO_OFFSET, LINUX.RWF_NOWAIT);
    if (done >= 0) return done;
    const errno = linux().errno();
    if (errno !== ERRNO.EOPNOTSUPP && errno !== ERRNO.ENOSYS) return done;
    // Before Linux 6.10 a userfaultfd does not support preadv2.
    preadv2 = undefined;
    return this.#readAfterAsking(fd, length);
  }

  #readAfterAsking(fd: number, length: number): number {
    const { call } = linux();
    const flags = call.fcntl(fd, LINUX.F_GETFL, 0) | LINUX.O_NONBLOCK;
    call.fcntl(fd, LINUX.F_SETFL, flags);
    return call.read(fd, this.#bytes, BigInt(length));
  }
}
