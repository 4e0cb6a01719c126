import { constants } from "node:os";

/** The user stopped it: by Ctrl-C, by `kill`, by closing the terminal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  /** The exit code, as a shell gives it: 130 for Ctrl-C, 143 for `kill`. */
  readonly exitCode: number;

  /** By a signal, which is the message. */
  constructor(signal: string) {
    super(signal);
    this.exitCode = signalExitCode(signal);
  }
}

/** The exit code of a command that a signal has stopped, else 0. */
export function stoppedExitCode({ reason }: AbortSignal): number {
  return reason instanceof Interrupted ? reason.exitCode : 0;
}

/** The exit code that a shell gives a command that a signal has ended. */
export function signalExitCode(signal: string): number {
  const signals: Readonly<Record<string, number>> = constants.signals;
  return 128 + (signals[signal] ?? 0);
}
