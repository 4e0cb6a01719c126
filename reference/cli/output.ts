import { writeSync } from "node:fs";

/** Standard output's file descriptor, and standard error's. */
const STDOUT = 1;
const STDERR = 2;

/** The reader of standard output went away: nothing is left to do. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === "EAGAIN") continue;
      if (code === "EPIPE") throw new OutputClosed();
      throw error;
    }
  }
}

/** Writes bytes to standard output. */
export function writeOutput(bytes: Uint8Array): void {
  writeAll(STDOUT, bytes);
}

/** Prints lines on standard output. */
export function print(text: string): void {
  writeAll(STDOUT, new TextEncoder().encode(`${text}\n`));
}

/** Prints a value as JSON on standard output. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Prints a message on standard error. */
export function printMessage(text: string): void {
  writeAll(STDERR, new TextEncoder().encode(`${text}\n`));
}

/** Draws over the current line of standard error. */
export function drawLine(text: string): void {
  writeAll(STDERR, new TextEncoder().encode(`\r\x1b[K${text}`));
}
