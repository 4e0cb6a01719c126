import assert from "node:assert/strict";
import { linkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import {
  cachedSource,
  contentKeyOf,
  memorySource,
  setContentKey,
} from "./mod.ts";

test("contentKeyOf() is that of a file, by whatever path and through wrappers", () => {
  using folder = new ScratchFolder();
  const [one, link, other] = ["one", "link", "other"].map((it) =>
    folder.file(it)
  );
  writeFileSync(one, "bytes");
  writeFileSync(other, "bytes");
  linkSync(one, link);
  using file = openFileSource(one);
  using linked = openFileSource(link);
  using copied = openFileSource(other);
  assert.equal(contentKeyOf(linked), contentKeyOf(file));
  assert.equal(contentKeyOf(cachedSource(linked)), contentKeyOf(file));
  assert.notEqual(contentKeyOf(copied), contentKeyOf(file));
});

test("contentKeyOf() is that of the object if nothing else is known", () => {
  const bytes = new Uint8Array(8);
  const [one, other, remote, same] = Array.from(
    { length: 4 },
    () => memorySource(bytes),
  );
  assert.equal(contentKeyOf(one), contentKeyOf(one));
  assert.equal(contentKeyOf(cachedSource(one)), contentKeyOf(one));
  assert.notEqual(contentKeyOf(one), contentKeyOf(other));
  for (const it of [remote, same]) setContentKey(it, "http://host/a 1");
  assert.equal(contentKeyOf(cachedSource(remote)), contentKeyOf(same));
});
