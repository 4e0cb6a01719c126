import { LINUX } from "./linux_constants.ts";
import { NativeMemory } from "./native_memory.ts";
import { check, closeDescriptor, linux } from "../system/mod.ts";
import { UnixAddress } from "./unix_address.ts";

/**
 * Tells the service manager at a socket, the `NOTIFY_SOCKET` of the environment,
 * that this process is ready, as sd_notify(3) does.
 *
 * @throws {SystemCallError} if it cannot be told
 * @throws {RangeError} if the path is too long
 */
export function notifyReady(path: string): void {
  const { call } = linux();
  const action = `notify the service manager at ${JSON.stringify(path)}`;
  const kind = LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC;
  const fd = check(call.socket(LINUX.AF_UNIX, kind, 0), action);
  try {
    using address = new UnixAddress(path);
    check(call.connect(fd, address.address, address.length), action);
    const text = new TextEncoder().encode("READY=1");
    using memory = new NativeMemory(text.length);
    memory.bytes().set(text);
    check(call.write(fd, memory.address, text.length), action);
  } finally {
    closeDescriptor(fd);
  }
}
