import { ERRNO } from "./errno.ts";
import { LINUX, NR_PIDFD_OPEN } from "./linux_constants.ts";
import { CMSGHDR, IOVEC, MSGHDR, UCRED } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";
import { readField, type StructField, writeField } from "./struct_layout.ts";
import { check, linux } from "./system_calls.ts";
import { SystemCallError } from "./system_call_error.ts";
import { UnixAddress } from "./unix_address.ts";

const BACKLOG = 128;
/** Most descriptors that one message brings. */
const DESCRIPTORS_MAX = 16;
const BODY_SIZE = 0x10000;
const CONTROL_SIZE = CMSGHDR.size + 4 * DESCRIPTORS_MAX;
const AT = { msghdr: 0, iovec: 64, control: 128, body: 4096 } as const;

/** Makes a socket file and listens at it; it must not be there. */
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

/** Takes the next connection; undefined if there is none. */
export function acceptUnix(listenFd: number): number | undefined {
  const flags = LINUX.SOCK_CLOEXEC | LINUX.SOCK_NONBLOCK;
  const { call, errno } = linux();
  const fd = call.accept4(listenFd, 0, 0, flags);
  if (fd >= 0) return fd;
  switch (errno()) {
    case ERRNO.EAGAIN:
    case ERRNO.EINTR:
    case ERRNO.EMFILE: // They wait until there is room.
      return undefined;
    default:
      throw new SystemCallError("take a connection", errno());
  }
}

/** The process at the other end; 0 if it is in another name space. */
export function peerProcess(fd: number): number {
  using memory = new NativeMemory(32);
  const view = viewOf(memory);
  view.setUint32(16, UCRED.size, true);
  const { call } = linux();
  const { address } = memory;
  check(
    call.getsockopt(
      fd,
      LINUX.SOL_SOCKET,
      LINUX.SO_PEERCRED,
      address,
      address + 16,
    ),
    "ask who is at the other end of a socket",
  );
  return readField(view, UCRED.fields.pid);
}

/** A descriptor that can be read when a process has ended; or undefined. */
export function openProcess(pid: number): number | undefined {
  if (pid <= 0) return undefined;
  const fd = linux().call.syscall(NR_PIDFD_OPEN, pid, 0, 0);
  return fd < 0 ? undefined : fd;
}

/** Some of what came over a socket. */
export interface Received {
  /** The bytes; none if the other end has closed. */
  readonly bytes: Uint8Array;
  /** Descriptors that came with them; they are ours to close. */
  readonly fds: readonly number[];
}

/** Takes what came over a socket; undefined if nothing did. */
export function receive(fd: number): Received | undefined {
  using memory = new NativeMemory(AT.body + BODY_SIZE);
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
    throw new SystemCallError("read from a socket", errno());
  }
  return {
    bytes: memory.bytes(AT.body, length).slice(),
    fds: descriptorsIn(view),
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
