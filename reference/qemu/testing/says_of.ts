import assert from "node:assert/strict";
import { SourceError } from "../../sources/mod.ts";

/** Returns a check for a SourceError of that source with this text. */
export function saysOf(source: string, words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof SourceError, String(error));
    assert.equal(error.source, source);
    assert.match(error.message, words);
    return true;
  };
}
