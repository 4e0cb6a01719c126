import { SourceError } from "../sources/mod.ts";
import { ERRNO, type ErrnoName, errnoName } from "./errno.ts";

/** The error of a failed system call. */
export class SystemCallError extends SourceError {
  /** Name of the error, such as `EEXIST`. */
  readonly code: string;
  /** Number of the error. */
  readonly errno: number;

  /** Creates an error with the message "Cannot `action`: `code`, `hint`". */
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

  /** Whether this is the error of that name. */
  is(name: ErrnoName): boolean {
    return this.errno === ERRNO[name];
  }
}
