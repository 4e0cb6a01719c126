import { SourceError } from "../sources/mod.ts";
import {
  type ForeignArgument,
  type ForeignFunction,
  type ForeignFunctions,
  type ForeignLibrary,
  foreignLibrary,
  type ForeignSignatures,
} from "./foreign_functions.ts";
import { SystemCallError } from "./system_call_error.ts";

/** Functions that are called once. */
const ONCE = {
  __errno_location: { parameters: [], result: "address" },
  getpagesize: { parameters: [], result: "i32" },
} as const satisfies ForeignSignatures;

const SIGNATURES = {
  mmap: {
    parameters: ["address", "address", "i32", "i32", "i32", "i64"],
    result: "i64",
  },
  munmap: { parameters: ["address", "address"], result: "i32" },
  mprotect: { parameters: ["address", "address", "i32"], result: "i32" },
  mremap: {
    parameters: ["address", "address", "address", "i32"],
    result: "i64",
  },
  mincore: { parameters: ["address", "address", "bytes"], result: "i32" },
  madvise: { parameters: ["address", "address", "i32"], result: "i32" },
  open: { parameters: ["address", "i32", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  fallocate: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" },
  posix_fadvise: { parameters: ["i32", "i64", "i64", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "bytes", "address"], result: "i32" },
  write: { parameters: ["i32", "address", "address"], result: "i32" },
  poll: { parameters: ["bytes", "u32", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u32", "bytes"], result: "i32" },
  sched_yield: { parameters: [], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  syscall: { parameters: ["i64", "i64", "i64", "i64", "i64"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "address", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "address", "u32"], result: "i32" },
  accept4: {
    parameters: ["i32", "address", "address", "i32"],
    result: "i32",
  },
  recvmsg: { parameters: ["i32", "address", "i32"], result: "i32" },
  getrlimit: { parameters: ["i32", "bytes"], result: "i32" },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "address", "address"],
    result: "i32",
  },
} as const satisfies ForeignSignatures;

/** The functions of the C library that are used, by their C names. */
export type SystemCalls = ForeignFunctions<typeof SIGNATURES>;

/** The system calls of this thread. */
export interface Linux {
  readonly call: SystemCalls;
  /** Returns the error of this thread's last call, if that failed. */
  errno(): number;
  /** Bytes of a page of memory. */
  readonly pageSize: number;
  /** Returns the bytes at an address. */
  bytesAt(address: number, length: number): Uint8Array<ArrayBuffer>;
}

let opened: Linux | undefined;

/**
 * Returns the system calls of Linux, made through the C library.
 *
 * @throws {SourceError} if the C library cannot be called
 */
export function linux(): Linux {
  return opened ??= open();
}

/** Returns the system calls; undefined if the C library cannot be called. */
export function linuxIfAny(): Linux | undefined {
  try {
    return linux();
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}

function open(): Linux {
  const library = foreignLibrary();
  const once = library.bind(ONCE);
  // The errno of a thread has a fixed address. It is read from memory, since a
  // call to read it might change it.
  const bytes = library.bytesAt(once.__errno_location(), 4);
  const errno = new Int32Array(bytes.buffer, bytes.byteOffset, 1);
  const probe = new Uint8Array([1, 0]);
  if (new Uint16Array(probe.buffer)[0] !== 1) {
    throw new SourceError(
      "the C library",
      "Cannot call the C library: this machine is big-endian",
    );
  }
  return {
    call: boundWhenCalled(library),
    errno: () => errno[0],
    pageSize: once.getpagesize(),
    bytesAt: (address, length) => library.bytesAt(address, length),
  };
}

/**
 * Binds each function when it is first called: a program uses few of them, and
 * Deno compiles code for each.
 */
function boundWhenCalled(library: ForeignLibrary): SystemCalls {
  const names = Object.keys(SIGNATURES) as (keyof SystemCalls)[];
  const call = {} as Record<keyof SystemCalls, ForeignFunction>;
  for (const name of names) {
    call[name] = (...args: ForeignArgument[]) => {
      call[name] = library.bind({ [name]: SIGNATURES[name] })[name];
      return call[name](...args);
    };
  }
  return call;
}

/** Returns the result of a call, or throws if it is negative. */
export function check(
  result: number,
  action: string,
  hint?: (errno: number) => string | undefined,
): number {
  if (result >= 0) return result;
  const errno = linux().errno();
  throw new SystemCallError(action, { errno, hint: hint?.(errno) });
}

/** Closes a descriptor and ignores failures. */
export function closeDescriptor(fd: number): void {
  linux().call.close(fd);
}
