/** How a program ended. */
export interface ChildExit {
  /** Exit code; null if a signal ended the program. */
  readonly code: number | null;
  /** The signal that ended the program, if any. */
  readonly signal: string | null;
}
