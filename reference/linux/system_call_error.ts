import { SourceError } from "../sources/mod.ts";
import { ERRNO, type ErrnoName, errnoName } from "./errno.ts";

/** A call of Linux failed. */
export class SystemCallError extends SourceError {
  /** What Linux calls the error: `EEXIST`. */
  readonly code: string;
  /** Its number. */
  readonly errno: number;

  /** Of a call that was to `action` something. */
  constructor(
    action: string,
    { errno, hint }: {
      readonly errno: number;
      readonly hint?: string | undefined;
    },
  ) {
    const code = errnoName(errno);
    super(
      "Linux",
      `Cannot ${action}: ${code}${hint === undefined ? "" : `, ${hint}`}`,
    );
    this.code = code;
    this.errno = errno;
  }

  /** Whether it is that error. */
  is(name: ErrnoName): boolean {
    return this.errno === ERRNO[name];
  }
}
