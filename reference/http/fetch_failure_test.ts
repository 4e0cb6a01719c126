import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchFailure } from "./fetch_failure.ts";

function failed(message: string, code?: string): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

function deno(reason: string): Error {
  const cause = new Error(
    `error sending request for url (http://h/x): client error ${reason}`,
  );
  return new TypeError("fetch failed", { cause });
}

/** Errors of the runtimes for an unknown host. */
const UNKNOWN = {
  deno: deno(
    "(Connect): dns error: failed to lookup address information: " +
      "Name or service not known",
  ),
  bun: failed("getaddrinfo ENOTFOUND h", "ENOTFOUND"),
  node: new TypeError("fetch failed", {
    cause: failed("getaddrinfo EAI_AGAIN h", "EAI_AGAIN"),
  }),
};

/** Errors for an untrusted certificate, and for a server without TLS. */
const UNTRUSTED = {
  deno: deno("(Connect): invalid peer certificate: UnknownIssuer"),
  denoPlain: deno(
    "(Connect): received corrupt message of type InvalidContentType",
  ),
  bun: failed("self signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT"),
  bunPlain: failed("EPROTO: The TLS handshake failed", "EPROTO"),
  node: new TypeError("fetch failed", {
    cause: failed(
      "unable to verify the first certificate",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    ),
  }),
};

/** Errors that may be temporary. */
const PASSING = {
  deno: deno("(Connect): tcp connect error: Connection refused (os error 111)"),
  bun: failed("ECONNREFUSED: Unable to connect", "ECONNREFUSED"),
  node: new TypeError("fetch failed", {
    cause: failed("", "ECONNREFUSED"), // an AggregateError has no message
  }),
  chrome: new TypeError("Failed to fetch"),
  firefox: new TypeError("NetworkError when attempting to fetch resource."),
  safari: new TypeError("Load failed"),
  reset: new TypeError("error reading a body from connection"),
  text: "no more",
  nothing: undefined,
};

test("fetchFailure() recognizes permanent failures of each runtime", () => {
  const kindsOf = (errors: object) =>
    Object.values(errors).map((error) => {
      const { isUnknownHost, isUntrusted } = fetchFailure(error);
      return `${isUnknownHost} ${isUntrusted}`;
    });
  assert.deepEqual(new Set(kindsOf(UNKNOWN)), new Set(["true false"]));
  assert.deepEqual(new Set(kindsOf(UNTRUSTED)), new Set(["false true"]));
  assert.deepEqual(new Set(kindsOf(PASSING)), new Set(["false false"]));
});

test("fetchFailure() gives the innermost reason", () => {
  const reasons = (errors: object) =>
    Object.values(errors).map((error) => fetchFailure(error).reason);
  assert.deepEqual(reasons(UNKNOWN), [
    "the host is not known (dns error: failed to lookup address information: " +
    "Name or service not known)",
    "the host is not known (getaddrinfo ENOTFOUND h)",
    "the host is not known (getaddrinfo EAI_AGAIN h)",
  ]);
  assert.deepEqual(reasons(PASSING), [
    "no process listens there (tcp connect error: Connection refused (os error 111))",
    "no process listens there (ECONNREFUSED: Unable to connect)",
    "no process listens there (ECONNREFUSED)",
    ...[
      "Failed to fetch",
      "NetworkError when attempting to fetch resource.",
      "Load failed",
    ].map((it) =>
      `the browser gives no reason (${it}): the server does not answer, or is ` +
      "of another origin and sends no Access-Control-Allow-Origin"
    ),
    "error reading a body from connection",
    "no more",
    "no reason given",
  ]);
  for (const reason of reasons(UNTRUSTED)) {
    assert.match(
      reason,
      /^there is no secure connection \(.+\): check the server's certificate/,
    );
  }
});
