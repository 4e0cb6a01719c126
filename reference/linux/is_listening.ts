import { ERRNO } from "./errno.ts";
import { LINUX } from "./linux_constants.ts";
import { closeDescriptor, linuxIfAny } from "./system_calls.ts";
import { UnixAddress } from "./unix_address.ts";

/**
 * Whether a process has a unix socket open that others connect to. Undefined
 * where that cannot be told. The process does not notice: a socket of another
 * kind is refused by the kernel, and in other words where there is none.
 *
 * @example
 * ```ts
 * import { listenSocket } from "../doors/qemu.ts";
 * import { isListening } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const path = `${await Deno.makeTempDir()}/s`;
 * using listener = await listenSocket(`unix:${path}`, { isListening });
 * assert.equal(isListening(path), true);
 * ```
 */
export function isListening(path: string): boolean | undefined {
  const linux = linuxIfAny();
  if (linux === undefined) return undefined;
  const { call, errno } = linux;
  const kind = LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC | LINUX.SOCK_NONBLOCK;
  const fd = call.socket(LINUX.AF_UNIX, kind, 0);
  if (fd < 0) return undefined;
  try {
    using address = new UnixAddress(path);
    if (call.connect(fd, address.address, address.length) === 0) return true;
    switch (errno()) {
      case ERRNO.EPROTOTYPE:
        return true;
      case ERRNO.ECONNREFUSED:
      case ERRNO.ENOENT:
        return false;
      default:
        return undefined;
    }
  } finally {
    closeDescriptor(fd);
  }
}
