import { check, ERRNO, linux, SystemCallError } from "../system/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { CMSGHDR, IOVEC, MSGHDR } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";
import { readField, type StructField, writeField } from "./struct_layout.ts";
import { UnixAddress } from "./unix_address.ts";

const BACKLOG = 128;
/** Maximum descriptors in one message. */
const DESCRIPTORS_MAX = 16;
const BODY_SIZE = 0x10000;
const CONTROL_SIZE = CMSGHDR.size + 4 * DESCRIPTORS_MAX;
const AT = { msghdr: 0, iovec: 64, control: 128, body: 4096 } as const;

/** Creates a socket file and listens at it; the file must not exist. */
export function listenUnix(path: string): number {
  using address = new UnixAddress(path);
  const { call } = linux();
  const kind = LINUX.SOCK_STREAM | LINUX.SOCK_CLOEXEC | LINUX.SOCK_NONBLOCK;
  const action = `listen at ${JSON.stringify(path)}`;
  const fd = check(call.socket(LINUX.AF_UNIX, kind, 0), action);
  try {
    check(call.bind(fd, address.address, address.length), action);
    check(call.listen(fd, BACKLOG), action);
  } catch (error) {
    call.close(fd);
    throw error;
  }
  return fd;
}

/**
 * Accepts the next connection; returns undefined if there is none.
 *
 * @throws {SystemCallError} if it cannot be accepted, for example because
 *   descriptors ran short
 */
export function acceptUnix(listenFd: number): number | undefined {
  const flags = LINUX.SOCK_CLOEXEC | LINUX.SOCK_NONBLOCK;
  const { call, errno } = linux();
  const fd = call.accept4(listenFd, 0, 0, flags);
  if (fd >= 0) return fd;
  if (errno() === ERRNO.EAGAIN || errno() === ERRNO.EINTR) return undefined;
  throw new SystemCallError("accept a connection", { errno: errno() });
}

/** Data received from a socket. */
export interface Received {
  /** The bytes; empty if the other end has closed. */
  readonly bytes: Uint8Array;
  /** Descriptors received with the bytes; the caller closes them. */
  readonly fds: readonly number[];
  /** Whether further descriptors were lost for lack of room. */
  readonly hasLostFds: boolean;
}

/** The buffer for messages, shared because they are received one at a time. */
let scratch: NativeMemory | undefined;

/** Receives data from a socket; returns undefined if there is none. */
export function receive(fd: number): Received | undefined {
  const memory = scratch ??= new NativeMemory(AT.body + BODY_SIZE);
  const view = viewOf(memory);
  const { address } = memory;
  const put = (field: StructField, offset: number, value: number) =>
    writeField(view, field, { offset, value });
  put(IOVEC.fields.iov_base, AT.iovec, address + AT.body);
  put(IOVEC.fields.iov_len, AT.iovec, BODY_SIZE);
  put(MSGHDR.fields.msg_iov, AT.msghdr, address + AT.iovec);
  put(MSGHDR.fields.msg_iovlen, AT.msghdr, 1);
  put(MSGHDR.fields.msg_control, AT.msghdr, address + AT.control);
  put(MSGHDR.fields.msg_controllen, AT.msghdr, CONTROL_SIZE);
  const { call, errno } = linux();
  const flags = LINUX.MSG_DONTWAIT | LINUX.MSG_CMSG_CLOEXEC;
  const length = call.recvmsg(fd, address, flags);
  if (length < 0) {
    const wait = errno() === ERRNO.EAGAIN || errno() === ERRNO.EINTR;
    if (wait) return undefined;
    throw new SystemCallError("read from a socket", { errno: errno() });
  }
  return {
    bytes: memory.bytes(AT.body, length).slice(),
    fds: descriptorsIn(view),
    hasLostFds:
      (readField(view, MSGHDR.fields.msg_flags) & LINUX.MSG_CTRUNC) !== 0,
  };
}

function descriptorsIn(view: DataView): number[] {
  const fds: number[] = [];
  const end = AT.control + readField(view, MSGHDR.fields.msg_controllen);
  for (let at: number = AT.control; at + CMSGHDR.size <= end;) {
    const length = readField(view, CMSGHDR.fields.cmsg_len, at);
    const isRights =
      readField(view, CMSGHDR.fields.cmsg_level, at) === LINUX.SOL_SOCKET &&
      readField(view, CMSGHDR.fields.cmsg_type, at) === LINUX.SCM_RIGHTS;
    for (
      let data = at + CMSGHDR.size;
      isRights && data + 4 <= Math.min(end, at + length);
      data += 4
    ) fds.push(view.getInt32(data, true));
    if (length < CMSGHDR.size) break;
    at += Math.ceil(length / 8) * 8;
  }
  return fds;
}

function viewOf(memory: NativeMemory): DataView {
  const bytes = memory.bytes();
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
