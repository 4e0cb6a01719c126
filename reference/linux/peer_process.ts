import {
  closeSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from "node:fs";
import process from "node:process";
import { SourceError } from "../sources/mod.ts";
import {
  check,
  closeDescriptor,
  ERRNO,
  linux,
  SystemCallError,
} from "../system/mod.ts";
import {
  LINUX,
  NR_PIDFD_OPEN,
  NR_PIDFD_SEND_SIGNAL,
  SO_PEERPIDFD,
} from "./linux_constants.ts";
import { UCRED } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";
import { readField } from "./struct_layout.ts";

/**
 * How to identify the process: by the socket, or by pid as before Linux 6.5.
 */
export interface PeerProcessOptions {
  readonly by?: "socket" | "number" | undefined;
}

/** Maximum bytes of a process's list of mappings that are searched. */
const MAPPINGS_MAX = 0x1000000;
/** The flag of a mapping registered with a userfaultfd for missing pages. */
const WATCHED = / um(?: |$)/m;

/**
 * The process that connected to a socket. It is held by a descriptor, since its
 * pid may be reused.
 */
export class PeerProcess implements Disposable {
  /** Its pid when it connected; 0 if it is in another pid namespace. */
  readonly pid: number;
  /**
   * A pidfd, readable once it has ended; undefined if the process is uncertain.
   */
  readonly fd: number | undefined;

  private constructor(pid: number, fd: number | undefined) {
    this.pid = pid;
    this.fd = fd;
  }

  /**
   * Finds the peer of a socket. Call it as soon as the connection is accepted.
   *
   * @throws {SystemCallError} `ESRCH` if it has ended
   */
  static of(socket: number, options: PeerProcessOptions = {}): PeerProcess {
    const { pid, uid, gid } = credentials(socket);
    const fd = options.by === "number"
      ? undefined
      : socketOption(socket, SO_PEERPIDFD);
    return new PeerProcess(pid, fd ?? openByNumber(pid, { uid, gid }));
  }

  /**
   * Kills the process if it certainly is the peer and has memory registered
   * with a userfaultfd.
   *
   * @throws {SourceError} if that is uncertain or not permitted; then nothing
   *   is killed
   */
  kill(): void {
    const { fd } = this;
    if (fd === undefined) {
      throw this.#refusal(
        "its identity is uncertain, expected Linux 6.5 or newer",
      );
    }
    const pid = numberOf(fd);
    if (pid <= 0) {
      throw this.#refusal(
        pid < 0 ? "it has ended" : "it is in another pid namespace",
      );
    }
    const reason = whyNoVm(pid);
    if (reason !== undefined) throw this.#refusal(reason);
    const { call } = linux();
    const action = `kill process ${pid}`;
    check(call.syscall(NR_PIDFD_SEND_SIGNAL, fd, LINUX.SIGKILL, 0, 0), action);
  }

  #refusal(reason: string): SourceError {
    const name = `process ${this.pid}`;
    return new SourceError(name, `Cannot kill ${name}: ${reason}`);
  }

  /** Closes the descriptor. */
  [Symbol.dispose](): void {
    if (this.fd !== undefined) closeDescriptor(this.fd);
  }
}

function credentials(
  socket: number,
): { readonly pid: number; readonly uid: number; readonly gid: number } {
  using memory = new NativeMemory(32);
  const view = optionView(memory, UCRED.size);
  check(
    getOption(socket, LINUX.SO_PEERCRED, memory),
    "get the credentials of a socket's peer",
  );
  const { pid, uid, gid } = UCRED.fields;
  return {
    pid: readField(view, pid),
    uid: readField(view, uid),
    gid: readField(view, gid),
  };
}

/** Returns the descriptor that an option yields; undefined if unsupported. */
function socketOption(socket: number, option: number): number | undefined {
  using memory = new NativeMemory(32);
  const view = optionView(memory, 4);
  if (getOption(socket, option, memory) >= 0) return view.getInt32(0, true);
  const errno = linux().errno();
  if (errno === ERRNO.ENOPROTOOPT) return undefined;
  throw new SystemCallError("find the peer of a socket", { errno });
}

function optionView(memory: NativeMemory, length: number): DataView {
  const { buffer, byteOffset, byteLength } = memory.bytes();
  const view = new DataView(buffer, byteOffset, byteLength);
  view.setUint32(16, length, true);
  return view;
}

function getOption(
  socket: number,
  option: number,
  { address }: NativeMemory,
): number {
  const { call } = linux();
  return call.getsockopt(
    ...[socket, LINUX.SOL_SOCKET, option, address, address + 16],
  );
}

/**
 * Opens a process by its pid, which may have been reused: it is accepted as the
 * peer only if it runs as the same user.
 */
function openByNumber(
  pid: number,
  user: { readonly uid: number; readonly gid: number },
): number | undefined {
  if (pid <= 0) return undefined;
  const fd = linux().call.syscall(NR_PIDFD_OPEN, pid, 0, 0, 0);
  if (fd < 0) {
    const errno = linux().errno();
    if (errno !== ERRNO.ESRCH) return undefined;
    throw new SystemCallError("find the process that connected", { errno });
  }
  try {
    const { uid, gid } = statSync(`/proc/${pid}`);
    if (uid === user.uid && gid === user.gid) return fd;
  } catch {
    // It has ended, or /proc cannot be read.
  }
  closeDescriptor(fd);
  return undefined;
}

/** Returns the pid of a pidfd; 0 in another namespace, -1 if it has ended. */
function numberOf(fd: number): number {
  try {
    const text = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
    return Number(/^Pid:\s*(-?\d+)/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Returns why a process cannot be a VM with missing pages, if so. */
function whyNoVm(pid: number): string | undefined {
  try {
    if (Number(readlinkSync("/proc/self")) !== process.pid) {
      return "/proc belongs to another pid namespace";
    }
    const file = openSync(`/proc/${pid}/smaps`, "r");
    try {
      if (isWatched(file)) return undefined;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `it may not be a VM: ${reason}`;
  }
  return "it is not a VM: none of its memory is registered with a userfaultfd";
}

/** Whether a list of mappings contains a registered one. */
function isWatched(file: number): boolean {
  const bytes = new Uint8Array(0x10000);
  const decoder = new TextDecoder();
  let rest = "";
  for (let at = 0; at < MAPPINGS_MAX;) {
    const length = readSync(file, bytes, 0, bytes.length, null);
    if (length === 0) return false;
    at += length;
    const lines = (rest + decoder.decode(bytes.subarray(0, length))).split(
      "\n",
    );
    rest = lines.pop() ?? "";
    const found = lines.some((line) =>
      line.startsWith("VmFlags:") && WATCHED.test(line)
    );
    if (found) return true;
  }
  return false;
}
