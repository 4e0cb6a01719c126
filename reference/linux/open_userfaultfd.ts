import { ERRNO } from "./errno.ts";
import { LINUX, NR_IOCTL, NR_USERFAULTFD } from "./linux_constants.ts";
import { NativeMemory } from "./native_memory.ts";
import { SystemCallError } from "./system_call_error.ts";
import { check, closeDescriptor, linux } from "./system_calls.ts";
import { UFFD } from "./userfaultfd_interface.ts";

const FLAGS = LINUX.O_CLOEXEC | LINUX.O_NONBLOCK;
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
    const fd = call.syscall(numberOf(NR_USERFAULTFD), FLAGS, 0, 0, 0);
    if (fd >= 0) return fd;
    if (by === "syscall" || errno() === ERRNO.ENOSYS) {
      throw new SystemCallError("create a userfaultfd", {
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
    "create a userfaultfd",
    hint,
  );
  try {
    const request = UFFD.USERFAULTFD_IOC_NEW;
    return check(
      call.syscall(numberOf(NR_IOCTL), device, request, FLAGS, 0),
      "create a userfaultfd",
      hint,
    );
  } finally {
    closeDescriptor(device);
  }
}

/** Returns a system call number for the architecture of this machine. */
function numberOf(
  numbers: { readonly x64: number; readonly arm64: number },
): number {
  const { process } = globalThis as unknown as {
    readonly process: { readonly arch: string };
  };
  const { arch } = process;
  if (arch === "x64" || arch === "arm64") return numbers[arch];
  throw new RangeError(
    `Cannot create a userfaultfd on ${arch}: expected x64 or arm64`,
  );
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
