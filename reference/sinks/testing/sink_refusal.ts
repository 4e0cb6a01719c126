import assert from "node:assert/strict";
import { SourceError } from "../../sources/mod.ts";
import { createFileSink } from "../file_sink.ts";

/**
 * Returns why a file cannot be created at `path`, shown as `PATH`; "" if it
 * can.
 */
export function sinkRefusal(path: string, force = false): string {
  try {
    createFileSink(path, { force });
  } catch (error) {
    assert(error instanceof SourceError, String(error));
    assert.equal(error.source, path);
    return error.message.replace(path, "PATH");
  }
  return "";
}
