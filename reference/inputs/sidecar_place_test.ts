import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { sidecarPlace } from "./sidecar_place.ts";

test("sidecarPlace() adds the ending to a path, and to the path of a URL", () => {
  const places: Readonly<Record<string, string>> = {
    "vm.mr": "vm.mr.verity",
    "a/b?c#d": "a/b?c#d.verity",
    "file:///a%20b/vm.mr": "/a b/vm.mr.verity",
    "https://host/vm.mr": "https://host/vm.mr.verity",
    "https://host/vm.mr?v=2": "https://host/vm.mr.verity?v=2",
    "http://u:p@host:81/a%20b?v=/x": "http://u:p@host:81/a%20b.verity?v=/x",
  };
  for (const [file, place] of Object.entries(places)) {
    assert.equal(sidecarPlace(file), place);
  }
  assert.throws(() => sidecarPlace("ftp://host/vm.mr"), SourceError);
});
