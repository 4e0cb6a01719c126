import { ERRNO } from "./errno.ts";
import { linux } from "./system_calls.ts";

/** What came of putting pages in place. */
export interface Placed {
  /** Bytes that were put in place. */
  readonly length: number;
  /** What stopped it, as a number of `ERRNO`; 0 if all was done. */
  readonly errno: number;
}

/** What comes of it when nothing is put in place any more. */
export const RELEASED: Placed = { length: 0, errno: ERRNO.ESRCH };

/** Of a call that did not do all: how much it did, else why not. */
export function placed(answer: number): Placed {
  if (answer > 0) return { length: answer, errno: ERRNO.EAGAIN };
  const errno = answer < 0 ? -answer : linux().errno();
  return { length: 0, errno };
}
