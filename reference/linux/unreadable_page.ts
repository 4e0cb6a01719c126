import { LINUX } from "./linux_constants.ts";
import { check, linux } from "../system/mod.ts";

/**
 * Calls `body` with the address of an unreadable page. The kernel checks the
 * destination of a copy before the source, so copying from such a page tells
 * about the destination without changing it.
 */
export function withUnreadablePage<T>(body: (address: number) => T): T {
  const { call, pageSize } = linux();
  const flags = LINUX.MAP_PRIVATE | LINUX.MAP_ANONYMOUS;
  const address = check(
    call.mmap(0, pageSize, LINUX.PROT_NONE, flags, -1, 0),
    "map a page that cannot be read",
  );
  try {
    return body(address);
  } finally {
    call.munmap(address, pageSize);
  }
}
