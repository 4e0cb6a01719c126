import assert from "node:assert/strict";
import { SourceError } from "../../sources/mod.ts";

/** Returns a check for a SourceError with this text. */
export function says(words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SourceError, String(error));
    assert.match(error.message, words);
    return true;
  };
}

/** Returns a check for a SourceError of that source with this text. */
export function saysOf(
  source: string,
  words: RegExp,
): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SourceError, String(error));
    assert.equal(error.source, source);
    return says(words)(error);
  };
}
