import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCapabilities } from "./capability_rules.ts";

test("checkCapabilities() accepts what changes nothing in the file", () => {
  checkCapabilities([]);
  checkCapabilities(["mapped-ram", "multifd", "direct-io", "events"]);
});

test("checkCapabilities() refuses incompatible capabilities by name", () => {
  const names = ["xbzrle", "compress", "multifd-compression", "postcopy-ram"];
  for (const name of [...names, "tls", "background-snapshot", "return-path"]) {
    assert.throws(() => checkCapabilities(["mapped-ram", name]), {
      name: "RangeError",
      message: new RegExp(`^Cannot save with the capability "${name}": `),
    });
  }
  for (const name of ["toString", "nothing"]) {
    assert.throws(() => checkCapabilities([name]), /it is unknown, expected/);
  }
});
