import assert from "node:assert/strict";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { processorTime } from "../testing/processor_time.ts";
import {
  isWebUrl,
  shownName,
  urlScheme,
  withoutSecrets,
} from "./shown_name.ts";
import { SourceError } from "./source_error.ts";

/** Addresses and their shown names. */
const NAMES: Readonly<Record<string, string>> = {
  "vm.mr": "vm.mr",
  "a@b?c#d": "a@b?c#d",
  "unix:/run/a@b?c": "unix:/run/a@b?c",
  "http://host/vm.mr": "http://host/vm.mr",
  "http://host/a@2x/ü.mr": "http://host/a@2x/%C3%BC.mr",
  "file:///srv/vm.mr": "file:///srv/vm.mr",
  "http://user:s3cret@host:81/vm.mr?a=s3cret&b#s3cret":
    "http://host:81/vm.mr?…",
  "https://s3cret@[::1]/x": "https://[::1]/x",
  "s3://key:s3cret@bucket/vm.mr?x=s3cret": "s3://bucket/vm.mr?…",
  "http://host/vm.mr?…": "http://host/vm.mr?…",
  // An invalid URL may have a password with any character.
  "http://user:s3cret@host:99999/x": "http://host:99999/x",
  "http://user:s3/cr@s3cret@no host/x?y=s3cret": "http://no host/x?…",
  "http://user:s3?cret@host:x/": "http://…",
  "http://host:x/?mail=a@s3cret": "http://…",
};

test("shownName() removes users, passwords, queries, and fragments", () => {
  for (const [address, shown] of Object.entries(NAMES)) {
    const expected = /[@?#]/.test(address) ? shown : address;
    assert.equal(shownName(address), expected);
    assert.equal(shownName(shownName(address)), expected);
    assert(!shownName(address).includes("s3cret"), address);
  }
});

test("withoutSecrets() finds the URLs in a text", () => {
  for (const [address, shown] of Object.entries(NAMES)) {
    if (!address.includes("://")) continue;
    const expected = /[@?#]/.test(address) ? shown : address;
    assert.equal(
      withoutSecrets(`Cannot open "${address}": "no", not "${address}"`),
      `Cannot open "${expected}": "no", not "${expected}"`,
    );
  }
  assert.equal(
    withoutSecrets(
      "error for url (http://u:p@h/x?sig=a%20b): refused; see https://h/?z=1.",
    ),
    "error for url (http://h/x?…): refused; see https://h/?….",
  );
  assert.equal(withoutSecrets("Is it a:// ? No: b?c"), "Is it a:// ? No: b?c");
});

test("withoutSecrets() is fast for any text", () => {
  const started = processorTime();
  for (const text of ["a.", "a://", '"a://\\"', '"', "a://)", "://", "?@"]) {
    withoutSecrets(text.repeat(20_000));
  }
  assert(processorTime() - started < 10_000);
});

test("SourceError has no secrets in its message and its source", () => {
  const url = "http://user:s3cret@host/vm.mr?sig=s3cret";
  const error = new SourceError(url, `Cannot open ${JSON.stringify(url)}`);
  assert.equal(error.source, "http://host/vm.mr?…");
  assert.equal(error.message, 'Cannot open "http://host/vm.mr?…"');
});

test("SourceError has no secrets in its causes, and keeps other causes", () => {
  const url = "http://user:s3cret@host/vm.mr?sig=s3cret";
  const plain = new Error("no such file");
  assert.equal(new SourceError("x", "y", { cause: plain }).cause, plain);
  assert.equal(new SourceError("x", "y", { cause: 7 }).cause, 7);
  assert(!("cause" in new SourceError("x", "y")));
  const root = new TypeError(`Invalid URL: '${url}'`);
  const middle = Object.assign(
    new Error("cannot open", { cause: root }),
    { code: "ENOENT", path: url },
  );
  const { cause } = new SourceError("x", "y", { cause: middle });
  assert(cause instanceof Error && cause.cause instanceof Error);
  assert.equal((cause as { readonly code?: string }).code, "ENOENT");
  assert.equal(cause.cause.message, "Invalid URL: 'http://host/vm.mr?…'");
  assert.equal(cause.cause.name, "TypeError");
  for (const it of [cause, cause.cause]) {
    assert(!`${it.stack} ${JSON.stringify({ ...it })}`.includes("s3cret"));
  }
  // The runtimes' error for an invalid path quotes it.
  assert.throws(
    () => openFileSource(url),
    (error) =>
      error instanceof SourceError && error.cause instanceof Error &&
      !`${error.message}${error.cause.stack}`.includes("s3cret"),
  );
});

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
