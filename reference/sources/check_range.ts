import { hex } from "../../format/rules/mod.ts";
import { SourceError } from "./source_error.ts";

/** Refuses a read that is not completely inside a source (SPEC 3.1). */
export function checkRange(
  source: { readonly name: string; readonly byteLength: number },
  offset: number,
  length: number,
): void {
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new RangeError(
      `Cannot read ${
        JSON.stringify(source.name)
      }: offset is ${offset}, expected a whole number from 0`,
    );
  }
  if (offset + length > source.byteLength) {
    throw new SourceError(
      source.name,
      `Cannot read ${length} bytes at ${hex(offset)} of ${
        JSON.stringify(source.name)
      }: it has ${hex(source.byteLength)} bytes`,
      { range: { offset, length } },
    );
  }
}
