import assert from "node:assert/strict";
import { test } from "node:test";
import { isWebUrl, urlScheme } from "./url_scheme.ts";

test("urlScheme() returns the scheme in lower case, undefined for a path", () => {
  assert.equal(urlScheme("HTTPS://host/vm.mr"), "https");
  assert.equal(urlScheme("s3+x://bucket"), "s3+x");
  for (const path of ["vm.mr", "a/http://b", "C:\\vm.mr", "data:x", "-"]) {
    assert.equal(urlScheme(path), undefined, path);
  }
});

test("isWebUrl() accepts only http and https", () => {
  assert.deepEqual(
    ["http://a", "Https://a", "httpx://a", "file:///a", "http:/a"].map(
      isWebUrl,
    ),
    [true, true, false, false, false],
  );
});
