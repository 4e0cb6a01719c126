import {
  check,
  closeDescriptor,
  ERRNO,
  linux,
  SystemCallError,
} from "../system/mod.ts";
import { LINUX, NR_IOCTL, NR_USERFAULTFD } from "./linux_constants.ts";
import { NativeMemory } from "./native_memory.ts";
import { systemCallNumber } from "./system_call_number.ts";
import { UFFD } from "./userfaultfd_interface.ts";

const FLAGS = LINUX.O_CLOEXEC | LINUX.O_NONBLOCK;
const ACTION = "create a userfaultfd";
const DEVICE = "/dev/userfaultfd";

/**
 * Creates a userfaultfd of this process with the system call or with
 * `/dev/userfaultfd`; by default with whichever is permitted.
 *
 * @throws {SystemCallError} if that fails; its message says what is missing
 */
export function openUserfaultfd(by?: "syscall" | "device"): number {
  const { call, errno } = linux();
  if (by !== "device") {
    const fd = call.syscall(
      systemCallNumber(NR_USERFAULTFD, ACTION),
      FLAGS,
      0,
      0,
      0,
    );
    if (fd >= 0) return fd;
    if (by === "syscall" || errno() === ERRNO.ENOSYS) {
      throw new SystemCallError(ACTION, {
        errno: errno(),
        hint: hint(errno()),
      });
    }
  }
  using path = new NativeMemory(DEVICE.length + 1);
  path.bytes().set(new TextEncoder().encode(DEVICE));
  const flags = LINUX.O_RDWR | LINUX.O_CLOEXEC;
  const device = check(
    call.open(path.address, flags, 0),
    ACTION,
    hint,
  );
  try {
    const request = UFFD.USERFAULTFD_IOC_NEW;
    return check(
      call.syscall(
        systemCallNumber(NR_IOCTL, ACTION),
        device,
        request,
        FLAGS,
        0,
      ),
      ACTION,
      hint,
    );
  } finally {
    closeDescriptor(device);
  }
}

function hint(errno: number): string | undefined {
  switch (errno) {
    case ERRNO.ENOSYS:
      return "this kernel has none (CONFIG_USERFAULTFD)";
    case ERRNO.EPERM:
    case ERRNO.EACCES:
    case ERRNO.ENOENT:
      return "it is not permitted: it requires the capability " +
        `CAP_SYS_PTRACE, permission to open ${DEVICE}, or ` +
        "vm.unprivileged_userfaultfd=1";
    default:
      return undefined;
  }
}
