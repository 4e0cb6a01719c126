import type { ByteRange } from "../../format/bytes/mod.ts";
import { isObject, quoteOptionValue, runProgram } from "../qemu/mod.ts";
import { SourceError } from "../sources/mod.ts";
import type { WaitOptions } from "../work/mod.ts";

/** Options of finding where a file has data. */
export interface DataRangesOptions extends WaitOptions {
  /** Path of qemu-img. Default: `qemu-img`. */
  readonly program?: string | undefined;
}

/**
 * Returns the parts of a local file inside `range` that are not holes, in
 * order, as reported by `qemu-img map`; JavaScript has no access to SEEK_DATA.
 *
 * @throws {SourceError} if the program is missing, or fails
 *
 * @example
 * ```ts
 * import { findDataRanges } from "../doors/qemu.ts";
 *
 * async function bytesOnDisk(path: string, length: number): Promise<number> {
 *   const ranges = await findDataRanges(path, { offset: 0, length });
 *   return ranges.reduce((sum, range) => sum + range.length, 0);
 * }
 * ```
 */
export async function findDataRanges(
  path: string,
  range: ByteRange,
  options: DataRangesOptions = {},
): Promise<ByteRange[]> {
  const { program = "qemu-img" } = options;
  // In this form only the comma is special in a file name.
  const image = `driver=raw,file.driver=file,file.filename=${
    quoteOptionValue(path)
  }`;
  const output = await runProgram(program, [
    ...["map", "--force-share", "--output=json", "--image-opts", image],
    ...[`--start-offset=${range.offset}`, `--max-length=${range.length}`],
  ], options);
  let entries: unknown;
  try {
    entries = JSON.parse(output);
  } catch {
    entries = undefined;
  }
  if (!Array.isArray(entries)) throw notUnderstood(program, path);
  const ranges: ByteRange[] = [];
  for (const entry of entries) {
    if (!isObject(entry)) throw notUnderstood(program, path);
    const { start: offset, length, zero, data } = entry;
    if (typeof offset !== "number" || typeof length !== "number") {
      throw notUnderstood(program, path);
    }
    if (zero !== true || data !== false) ranges.push({ offset, length });
  }
  return ranges;
}

function notUnderstood(program: string, path: string): SourceError {
  return new SourceError(
    path,
    `Cannot tell where ${JSON.stringify(path)} has data: ` +
      `the output of ${program} map cannot be parsed`,
  );
}
