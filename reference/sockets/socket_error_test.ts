import assert from "node:assert/strict";
import { test } from "node:test";
import { socketError } from "./socket_error.ts";

test("socketError() has the same text on every runtime", () => {
  const said = [
    [{ code: "EPIPE", message: "Broken pipe (os error 32)" }, /has closed the/],
    [
      { code: "ECONNREFUSED", message: "connect x" },
      /no process listens there$/,
    ],
    [{ code: "ENOTFOUND", message: "getaddrinfo x" }, /host is not known$/],
    [
      new Error("failed to lookup address information: Name or service not …"),
      /host is not known$/,
    ],
    // The name of a property of every object is not a code.
    [{ code: "toString", message: "something else" }, /: something else$/],
    [{ code: "ESTRANGE" }, /: ESTRANGE$/],
    ["text", /: text$/],
  ] as const;
  for (const [cause, words] of said) {
    const error = socketError("use", "unix:/x", cause);
    assert.match(error.message, /^Cannot use unix:\/x: /);
    assert.match(error.message, words);
    assert.equal(error.cause, cause);
    assert.equal(error.source, "unix:/x");
  }
});
