import { ERRNO, linux } from "../system/mod.ts";

/** The result of putting pages in place. */
export interface Placed {
  /** Bytes that were put in place. */
  readonly length: number;
  /** The error that stopped it, a number of `ERRNO`; 0 if it is complete. */
  readonly errno: number;
}

/** The result of a userfaultfd that was released. */
export const RELEASED: Placed = { length: 0, errno: ERRNO.ESRCH };

/** Returns the result of an incomplete call from the kernel's answer. */
export function placed(answer: number): Placed {
  if (answer > 0) return { length: answer, errno: ERRNO.EAGAIN };
  const errno = answer < 0 ? -answer : linux().errno();
  return { length: 0, errno };
}
