import assert from "node:assert/strict";
import { test } from "node:test";
import { entryUrl } from "./entry_url.ts";

for (
  const [base, path, expected] of [
    ["file:///a/b/c.ts", "./d.ts", "file:///a/b/d.ts"],
    ["file:///a/b/c.ts", "../e/d.ts", "file:///a/e/d.ts"],
    ["https://host/a/b/c.ts?version=1", "./d.ts", "https://host/a/b/d.ts"],
    ["file:///out/chunk.js", "./d.ts", "file:///out/d.js"],
    ["file:///out/chunk.js", "../e/d.ts", "file:///out/d.js"],
    ["file:///chunk.mjs", "../e/d.ts", "file:///d.js"],
  ]
) {
  test(`entryUrl() finds ${path} from ${base}`, () => {
    assert.equal(entryUrl(path, base).href, expected);
  });
}
