import { reasonOf, SourceError } from "../../sources/mod.ts";
import { countOf } from "./format_count.ts";
import { jsonText } from "./json_text.ts";
import { OutputStream } from "./output_stream.ts";
import type { PendingOptions } from "./pending_output.ts";

const encoder = new TextEncoder();

const stdout = new OutputStream(
  1,
  (count) => `${JSON.stringify({ event: "dropped", count })}\n`,
);
const stderr = new OutputStream(
  2,
  (count) => `(${countOf(count, "line")} dropped: not read in time)\n`,
);

/** The reader of standard output closed it. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** Returns the error for a failed write to standard output. */
function outputError(error: unknown): Error {
  const { code } = error as { readonly code?: string };
  if (code === "EPIPE") return new OutputClosed();
  return new SourceError(
    "standard output",
    `Cannot write to standard output: ${reasonOf(error)}`,
    { cause: error },
  );
}

/**
 * Writes bytes of the command's product to standard output. They are kept until
 * they are read; {@linkcode outputRoom} waits if there are many.
 *
 * @throws {OutputClosed} if the reader closed the output
 * @throws {SourceError} if the output cannot be written
 */
export function writeOutput(bytes: Uint8Array): void {
  try {
    stdout.print(bytes);
  } catch (error) {
    throw outputError(error);
  }
}

/** Waits until standard output has room for more. */
export function outputRoom(signal: AbortSignal): Promise<void> {
  return stdout.room(signal);
}

/** Writes text of the command's product to standard output. */
export function printText(text: string): void {
  writeOutput(encoder.encode(text));
}

/** Prints lines of the command's product on standard output. */
export function print(text: string): void {
  printText(`${text}\n`);
}

/** Prints a value as JSON on standard output. */
export function printJson(value: unknown): void {
  print(jsonText(value, 2));
}

/**
 * Prints a line about the work on standard output. The work does not wait for
 * it: the line is dropped if it is not read in time.
 */
export function printLog(
  text: string,
  options?: Pick<PendingOptions, "topic">,
): void {
  stdout.log(`${text}\n`, options);
}

/**
 * Prints a message on standard error; it is dropped if it is not read in time.
 * That applies to the final error, too; the exit code still reports the result.
 */
export function printMessage(text: string): void {
  stderr.log(`${text}\n`);
}

/** Draws over the current line of standard error. */
export function drawLine(text: string): void {
  stderr.log(`\r\x1b[K${text}`, { draws: true });
}

/**
 * Waits until standard output is written: the command's product for as long as
 * it takes, the rest for a short time. Reports what was lost.
 *
 * @throws {OutputClosed} if the reader of the product closed the output
 * @throws {SourceError} if the product cannot be written
 */
export async function finishOutput(signal: AbortSignal): Promise<void> {
  try {
    await stdout.drain(signal);
  } catch (error) {
    throw error === signal.reason ? error : outputError(error);
  }
  const { lostLines, trouble } = stdout;
  if (trouble !== undefined) {
    printMessage(
      `${outputError(trouble).message}: the work is done, but ` +
        `${countOf(lostLines, "line")} could not be printed`,
    );
  } else if (lostLines > 0) {
    printMessage(
      `${countOf(lostLines, "line")} for standard output dropped: not read ` +
        "in time",
    );
  }
}

/** Waits for a short time until messages are written. */
export async function finishMessages(): Promise<void> {
  // Ctrl-C does not suppress the message about itself.
  await stderr.drain();
}
