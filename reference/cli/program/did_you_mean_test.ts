import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean } from "./did_you_mean.ts";

const COMMANDS = [
  "save",
  "info",
  "load",
  "read",
  "resume",
  "verify",
  "page-server",
];

function assertMeans(word: string, meant: string | undefined): void {
  const hint = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
  assert.equal(didYouMean(word, COMMANDS), hint, word);
}

test("didYouMean() finds words with an extra, missing or swapped letter", () => {
  assertMeans("saev", "save");
  assertMeans("inof", "info");
  assertMeans("resumee", "resume");
  assertMeans("pageserver", "page-server");
  assertMeans("SAVE", "save");
});

test("didYouMean() finds the only word with a part", () => {
  assertMeans("ver", "verify");
  assertMeans("page", "page-server");
  assertMeans("server", "page-server");
  assertMeans("-ver", "verify");
  assertMeans("re", undefined); // read, resume
  assertMeans("erver", undefined);
  assertMeans("v", undefined);
});

test("didYouMean() returns nothing if no word is close", () => {
  for (const word of ["", "x", "frobnicate", "toString", "s".repeat(1e6)]) {
    assertMeans(word, undefined);
  }
  assert.equal(didYouMean("save", []), "");
});
