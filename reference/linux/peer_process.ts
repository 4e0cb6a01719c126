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
import { ERRNO } from "./errno.ts";
import {
  LINUX,
  NR_PIDFD_OPEN,
  NR_PIDFD_SEND_SIGNAL,
  SO_PEERPIDFD,
} from "./linux_constants.ts";
import { UCRED } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";
import { readField } from "./struct_layout.ts";
import { SystemCallError } from "./system_call_error.ts";
import { check, closeDescriptor, linux } from "./system_calls.ts";

/** How to find the process: as the kernel can, or as one before Linux 6.5. */
export interface PeerProcessOptions {
  readonly by?: "socket" | "number" | undefined;
}

/** Bytes of a process's list of mappings that are looked through. */
const MAPPINGS_MAX = 0x1000000;
/** How that list says that a userfaultfd watches a mapping for missing pages. */
const WATCHED = / um(?: |$)/m;

/**
 * The process that connected to a socket, and no other: its number may be given
 * out again, so it is held by a descriptor.
 */
export class PeerProcess implements Disposable {
  /** Its number as it connected; 0 if it is in another name space. */
  readonly pid: number;
  /** Can be read when it has ended; undefined where it is not sure whose it is. */
  readonly fd: number | undefined;

  private constructor(pid: number, fd: number | undefined) {
    this.pid = pid;
    this.fd = fd;
  }

  /**
   * Of a socket, as soon as the connection is taken.
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
   * Kills it, if it is sure that it is a process whose memory is served by a
   * userfaultfd.
   *
   * @throws {SourceError} if that is not sure, or not permitted; nothing is
   *   killed then
   */
  kill(): void {
    const { fd } = this;
    if (fd === undefined) {
      throw this.#refusal(
        "it is not sure which process it is, expected Linux 6.5 or newer",
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
    "ask who is at the other end of a socket",
  );
  const { pid, uid, gid } = UCRED.fields;
  return {
    pid: readField(view, pid),
    uid: readField(view, uid),
    gid: readField(view, gid),
  };
}

/** A descriptor that an option is; undefined if this kernel does not know it. */
function socketOption(socket: number, option: number): number | undefined {
  using memory = new NativeMemory(32);
  const view = optionView(memory, 4);
  if (getOption(socket, option, memory) >= 0) return view.getInt32(0, true);
  const errno = linux().errno();
  if (errno === ERRNO.ENOPROTOOPT) return undefined;
  throw new SystemCallError("ask which process is at the other end", { errno });
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
 * Opens it by its number, which may be another's by now: it is taken for the
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
    // It has ended, or /proc is not to be read.
  }
  closeDescriptor(fd);
  return undefined;
}

/** The number of a descriptor's process; 0 elsewhere, -1 if it has ended. */
function numberOf(fd: number): number {
  try {
    const text = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
    return Number(/^Pid:\s*(-?\d+)/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Why a process cannot be a VM that waits for pages; undefined if it can. */
function whyNoVm(pid: number): string | undefined {
  try {
    if (Number(readlinkSync("/proc/self")) !== process.pid) {
      return "/proc is that of another pid namespace";
    }
    const file = openSync(`/proc/${pid}/smaps`, "r");
    try {
      if (isWatched(file)) return undefined;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `it is not sure that it is a VM: ${reason}`;
  }
  return "it is no VM: no userfaultfd watches its memory";
}

/** Whether some of a list of mappings is watched. */
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
