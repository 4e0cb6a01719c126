import { SourceError } from "../sources/mod.ts";
import type { ChildExit } from "./child_exit.ts";
import { lastLines } from "./quote_words.ts";

/** QEMU did not do something in time. It may still do it. */
export class NoAnswerError extends SourceError {}

/** A program ended while its work was needed. */
export class ProgramEndedError extends SourceError {
  /** How the program ended. */
  readonly exit: ChildExit;
  /** The end of what it printed on stderr. */
  readonly stderr: string;

  /** Makes an error whose message has the last lines that it printed. */
  constructor(
    program: string,
    { exit, stderr }: { readonly exit: ChildExit; readonly stderr: string },
  ) {
    const { code, signal } = exit;
    const how = signal === null ? `exit code ${code}` : signal;
    const lines = lastLines(stderr);
    super(
      program,
      `${JSON.stringify(program)} has ended (${how})` +
        (lines === "" ? "" : `: ${lines}`),
    );
    this.exit = exit;
    this.stderr = stderr;
  }
}
