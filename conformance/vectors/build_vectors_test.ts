import assert from "node:assert/strict";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { buildVectors, checkVectors, MANIFEST_NAME } from "./build_vectors.ts";

/** Calls `body` with a folder of one vector that has not been built yet. */
function withVectors(body: (vectors: string, vector: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "vectors-"));
  const vectors = join(folder, "vectors");
  const vector = join(vectors, "valid", "one");
  try {
    mkdirSync(vector, { recursive: true });
    writeFileSync(join(vector, "recipe.txt"), "u8 1\nsize 3\n");
    writeFileSync(join(vector, "expected.json"), '{ "rules": ["a-rule"] }');
    body(vectors, vector);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// A runner's default can be 5 seconds, and there are hundreds of vectors.
test(
  "checkVectors() finds every vector up to date",
  { timeout: 300_000 },
  () => {
    assert.deepEqual(checkVectors(), []);
  },
);

test("buildVectors() writes snapshot.gz and the manifest only once", () => {
  withVectors((vectors, vector) => {
    assert.deepEqual(buildVectors(vectors), [
      "wrote vectors/valid/one/snapshot.gz",
      `wrote ${MANIFEST_NAME}`,
    ]);
    const packed = readFileSync(join(vector, "snapshot.gz"));
    assert.deepEqual([...gunzipSync(packed)], [1, 0, 0]);
    assert.deepEqual([...packed.subarray(3, 8)], [0, 0, 0, 0, 0]);
    const manifest = join(vectors, "..", MANIFEST_NAME);
    assert.deepEqual(JSON.parse(readFileSync(manifest, "utf8")), [{
      path: "vectors/valid/one",
      rules: ["a-rule"],
      classes: ["core", "verifier"],
      producer: "recipe",
      sha256:
        "fb50dc0717ff266cf9baf82b1ce7a1c2ef6d9247859680b11a19fb7077f5f222",
      byteLength: 3,
    }]);
    assert.deepEqual(buildVectors(vectors), []);
  });
});

test("checkVectors() names what differs, and changes nothing", () => {
  withVectors((vectors, vector) => {
    buildVectors(vectors);
    writeFileSync(join(vector, "recipe.txt"), "u8 2\nsize 3\n");
    const differences = [
      "vectors/valid/one/snapshot.gz differs from its recipe",
      `${MANIFEST_NAME} differs from the vectors`,
    ];
    assert.deepEqual(checkVectors(vectors), differences);
    assert.deepEqual(checkVectors(vectors), differences);
  });
});

test("checkVectors() names a folder that is not a vector", () => {
  withVectors((vectors, vector) => {
    buildVectors(vectors);
    const other = join(vectors, "qemu", "other");
    cpSync(vector, other, { recursive: true });
    rmSync(join(other, "expected.json"));
    assert.deepEqual(checkVectors(vectors), [
      "vectors/qemu/other/expected.json is missing",
    ]);
    writeFileSync(join(other, "expected.json"), '{ "rules": [] }');
    writeFileSync(join(other, "command.txt"), "");
    assert.deepEqual(checkVectors(vectors), [
      "vectors/qemu/other needs one of recipe.txt and command.txt",
    ]);
    rmSync(join(other, "recipe.txt"));
    rmSync(join(other, "snapshot.gz"));
    assert.deepEqual(checkVectors(vectors), [
      "vectors/qemu/other/snapshot.gz is missing",
    ]);
  });
});
