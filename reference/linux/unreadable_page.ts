import { LINUX } from "./linux_constants.ts";
import { check, linux } from "./system_calls.ts";

/**
 * Calls `body` with the address of a page that cannot be read. The kernel looks
 * where pages are to go before it looks at them: so it can be asked of memory
 * without anything being put there.
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
