import { readFileSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";

/** The user stopped the command: Ctrl-C, `kill`, or a closed terminal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  /** The exit code, as shells report it: 130 for Ctrl-C, 143 for `kill`. */
  readonly exitCode: number;

  /** `signal` is the message. */
  constructor(signal: string) {
    super(signal);
    this.exitCode = signalExitCode(signal);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** The state at the start, which `nohup` sets. */
const IGNORES_HANGUP = isIgnored("SIGHUP");

/**
 * Calls `stop` at each signal that stops a command, until this is disposed of:
 * Ctrl-C, `kill`, and a terminal that was closed unless `nohup` is used.
 */
export function onStop(stop: (signal: string) => void): Disposable {
  const listener = (signal: string) => {
    // Without a listener Deno would end the process.
    if (signal !== "SIGHUP" || !IGNORES_HANGUP) stop(signal);
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return {
    [Symbol.dispose](): void {
      for (const signal of SIGNALS) process.off(signal, listener);
    },
  };
}

/**
 * Whether this process ignores a signal; false if that cannot be determined.
 */
function isIgnored(signal: NodeJS.Signals): boolean {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    const ignored = /^SigIgn:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
    const bit = BigInt(constants.signals[signal] - 1);
    return (BigInt(`0x${ignored}`) >> bit & 1n) === 1n;
  } catch {
    return false;
  }
}

/** Returns the exit code of a command that a signal stopped, otherwise 0. */
export function stoppedExitCode({ reason }: AbortSignal): number {
  return reason instanceof Interrupted ? reason.exitCode : 0;
}

/**
 * Returns the exit code that a shell reports for a command ended by a signal.
 */
export function signalExitCode(signal: string): number {
  const signals: Readonly<Record<string, number>> = constants.signals;
  return 128 + (signals[signal] ?? 0);
}
