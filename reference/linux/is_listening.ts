import { closeDescriptor, ERRNO, linuxIfAny } from "../system/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { UnixAddress } from "./unix_address.ts";

/**
 * Whether a process listens at a Unix socket; undefined if that is unknown. The
 * process does not notice: the kernel refuses the probe, a socket of another
 * type, with a different error depending on whether there is a listener.
 *
 * @example
 * ```ts
 * import { listenSocket } from "../doors/qemu.ts";
 * import { isListening } from "../doors/linux.ts";
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
