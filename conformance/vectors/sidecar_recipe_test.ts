import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { HAS_FSVERITY } from "./fsverity.ts";
import { sealDifferences, type Sidecar, sidecarOf } from "./sidecar_recipe.ts";

const SKIP = HAS_FSVERITY || env.MAPPED_RAM_REQUIRE_FSVERITY === "1"
  ? false
  : "fsverity is not installed";
/** What `fsverity digest` prints for 4097 bytes `a`. */
const DIGEST =
  "sha256:18b155c0b6e054f3f7d22488ed15340e74dc161ce2d123e13eb685c3ce565f70";
const RECIPE = "fill 4097 0x61\n";

/** Calls `body` with a folder in which `one` has 4097 bytes, and `two` 2. */
function withFiles(body: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-sidecar-"));
  try {
    for (const [name, text] of [["one", RECIPE], ["two", "be16 1\n"]]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "recipe.txt"), text);
    }
    body(join(folder, "one"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function assembled(folder: string, recipe: string): Sidecar {
  const path = join(folder, "sidecar.txt");
  writeFileSync(path, recipe);
  const sidecar = sidecarOf(path);
  assert(sidecar !== undefined);
  return sidecar;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

test("sidecarOf() puts the tree of fsverity after its descriptor", {
  skip: SKIP,
}, () => {
  withFiles((folder) => {
    const { bytes, digest } = assembled(folder, "seal .  # as it is\n");
    assert.equal(digest, DIGEST);
    assert.equal(bytes.length, 8192);
    assert.equal(`sha256:${sha256(bytes.subarray(0, 256))}`, DIGEST);
    const leaf = sha256(new Uint8Array(4096).fill(0x61));
    assert.deepEqual(
      [...bytes.subarray(4096, 4128)],
      [...new Uint8Array(32).keys()].map((at) =>
        parseInt(leaf.slice(2 * at, 2 * at + 2), 16)
      ),
    );
    const seal = { digest: DIGEST, sha256: sha256(bytes) };
    const options = { digest: DIGEST };
    const good = { rules: [], options, seal };
    assert.deepEqual(sealDifferences(folder, good, digest), []);
    const bad = { rules: [], options, seal: { ...seal, sha256: "00" } };
    assert.deepEqual(sealDifferences(folder, bad, digest), [
      `seal.sha256 is 00, fsverity: ${seal.sha256}`,
    ]);
    assert.deepEqual(sealDifferences(folder, { rules: [] }, digest), [
      `options.digest is undefined, fsverity: ${DIGEST}`,
    ]);
  });
});

test(
  "sidecarOf() changes what a recipe says, and takes the digest that it says",
  {
    skip: SKIP,
  },
  () => {
    withFiles((folder) => {
      const plain = assembled(folder, "seal .\n").bytes;
      const changed = assembled(folder, "seal .\nat 1\nu8 2\n");
      assert.equal(changed.digest, DIGEST);
      assert.equal(changed.bytes[1], 2);
      const own = assembled(folder, "seal .\nat 1\nu8 2\ndigest\n");
      assert.equal(
        own.digest,
        `sha256:${sha256(changed.bytes.subarray(0, 256))}`,
      );
      const two = assembled(folder, "seal ../two\ndigest-of .\n");
      assert.equal(two.digest, DIGEST);
      assert.equal(two.bytes.length, 4096);
      const taken = assembled(folder, "size 4096\nat 0\ntake . 4096 64\n");
      assert.deepEqual(
        taken.bytes.subarray(0, 64),
        plain.subarray(4096, 4160),
      );
      const salted = assembled(
        folder,
        "seal . --salt=0011 --block-size=1024\n",
      );
      assert.deepEqual([...salted.bytes.subarray(0, 4)], [1, 1, 10, 2]);
      assert.notEqual(salted.digest, DIGEST);
    });
  },
);

test("sidecarOf() names the line of an instruction that it cannot follow", {
  skip: SKIP,
}, () => {
  withFiles((folder) => {
    assert.throws(
      () => assembled(folder, "seal .\nseal /etc\n"),
      /sidecar\.txt:2: "\/etc", expected a folder such as/,
    );
    assert.throws(
      () => assembled(folder, "sael .\n"),
      /sidecar\.txt:1: the instruction "sael", expected a defined one/,
    );
  });
});
