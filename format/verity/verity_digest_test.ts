import assert from "node:assert/strict";
import { test } from "node:test";
import { parseVerityDigest, verityDigestText } from "./verity_digest.ts";

const DIGITS = "0123456789abcdef".repeat(4);

test("verityDigestText() and parseVerityDigest() are inverse", () => {
  const hash = parseVerityDigest(`sha256:${DIGITS}`);
  assert.deepEqual([hash.length, hash[0], hash[31]], [32, 0x01, 0xef]);
  assert.equal(verityDigestText(hash), `sha256:${DIGITS}`);
});

test("parseVerityDigest() takes no other text for a digest", () => {
  const texts = [
    "",
    DIGITS,
    `sha512:${DIGITS}`,
    `sha256:${DIGITS.toUpperCase()}`,
    `sha256:${DIGITS.slice(1)}`,
    `sha256:${DIGITS}0`,
    ` sha256:${DIGITS}`,
    `sha256:${DIGITS}\n`,
  ];
  for (const text of texts) {
    assert.throws(() => parseVerityDigest(text), RangeError, text);
  }
});
