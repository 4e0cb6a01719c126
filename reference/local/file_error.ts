import type * as NodeFs from "node:fs";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { hex } from "../../format/rules/mod.ts";
import { SourceError } from "../sources/mod.ts";

/** Turns what `node:fs` threw into a `SourceError` that says it in one line. */
export function fileError(
  action: string,
  name: string,
  error: unknown,
  range?: { readonly offset: number; readonly length: number },
): SourceError {
  if (error instanceof SourceError) return error;
  const where = range === undefined ? "" : ` at ${hex(range.offset)}`;
  return new SourceError(
    name,
    `Cannot ${action} ${JSON.stringify(name)}${where}: ${reasonOf(error)}`,
    { cause: error, ...(range === undefined ? {} : { range }) },
  );
}

/** Why a call of `node:fs` failed, without what its callers say anyway. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // "ENOENT: no such file or directory, open 'x'"; Deno says "No space left on
  // device (os error 28)" of some calls.
  return /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ??
    message.replace(/ \(os error \d+\)$/, "");
}

/** The refusal of something that is not a regular file. */
export function notSeekable(
  action: string,
  name: string,
  stat: NodeFs.Stats,
): SourceError {
  const kind = stat.isDirectory()
    ? "a directory"
    : stat.isFIFO()
    ? "a pipe"
    : stat.isSocket()
    ? "a socket"
    : stat.isCharacterDevice()
    ? "a character device"
    : "a block device, which is only read";
  return new SourceError(
    name,
    `Cannot ${action} ${
      JSON.stringify(name)
    }: it is ${kind}, expected a regular file, which can be read and ` +
      "written at any position",
  );
}

/** A file that ends before bytes that it had. */
export function fileShrank(name: string, range: ByteRange): SourceError {
  const { offset, length } = range;
  return new SourceError(
    name,
    `Cannot read ${length} bytes at ${hex(offset)} of ${
      JSON.stringify(name)
    }: the file is shorter than when it was opened`,
    { range, changed: true },
  );
}
