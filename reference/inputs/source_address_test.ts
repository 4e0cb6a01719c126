import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { sourceAddress } from "./source_address.ts";

test("sourceAddress() distinguishes http and https URLs from paths", () => {
  assert.equal(sourceAddress("a/b?c"), "a/b?c");
  assert.equal(sourceAddress("unix:/a"), "unix:/a");
  assert.equal(sourceAddress("file:///a%20b/%C3%BC%25"), "/a b/ü%");
  assert.equal(sourceAddress("file://localhost/a"), "/a");
  assert.equal(sourceAddress("FILE:///C:/a"), "C:/a");
  assert.equal(String(sourceAddress("HTTPS://host/a")), "https://host/a");
  for (const text of ["ftp://h/a", "s3://b/k", "http://", "file://h/a"]) {
    assert.throws(() => sourceAddress(text), SourceError);
  }
});
