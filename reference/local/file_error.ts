import type * as NodeFs from "node:fs";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { hex } from "../../format/rules/mod.ts";
import { reasonOf, SourceError } from "../sources/mod.ts";

/** Turns an error of `node:fs` into a `SourceError` with one line of text. */
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

/** Creates the error for something that is not a regular file. */
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

/** Creates the error for a file that is shorter than it was. */
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
