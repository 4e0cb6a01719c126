import assert from "node:assert/strict";
import { SourceError } from "../../sources/mod.ts";

/** Whether it is a SourceError of that source that says so. */
export function saysOf(source: string, words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof SourceError, String(error));
    assert.equal(error.source, source);
    assert.match(error.message, words);
    return true;
  };
}
