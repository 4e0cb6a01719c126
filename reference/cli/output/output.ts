import { writeSync } from "node:fs";
import { SourceError } from "../../sources/mod.ts";
import { reasonOf } from "../system_error.ts";

/** Standard output's file descriptor, and standard error's. */
const STDOUT = 1;
const STDERR = 2;

/** The reader of standard output went away: nothing is left to do. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/**
 * Writes synchronously: nothing is lost at the exit, and a failure is thrown
 * where it happens, alike on every runtime.
 */
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      // A pipe that somebody made non-blocking is full.
      if ((error as { readonly code?: string }).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

/** Writes bytes to standard output. */
export function writeOutput(bytes: Uint8Array): void {
  try {
    writeAll(STDOUT, bytes);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === "EPIPE") throw new OutputClosed();
    throw new SourceError(
      "standard output",
      `Cannot write to standard output: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

/** Writes text to standard output. */
export function printText(text: string): void {
  writeOutput(new TextEncoder().encode(text));
}

/** Prints lines on standard output. */
export function print(text: string): void {
  printText(`${text}\n`);
}

/** Prints a value as JSON on standard output. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Writes to standard error; if nobody listens there, nobody is told. */
function tell(text: string): void {
  try {
    writeAll(STDERR, new TextEncoder().encode(text));
  } catch {
    // The work goes on, and the exit code still tells how it went.
  }
}

/** Prints a message on standard error. */
export function printMessage(text: string): void {
  tell(`${text}\n`);
}

/** Draws over the current line of standard error. */
export function drawLine(text: string): void {
  tell(`\r\x1b[K${text}`);
}
