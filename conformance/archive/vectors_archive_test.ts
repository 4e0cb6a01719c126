import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import { suiteVectors } from "../runner/suite_vectors.ts";
import { tar } from "./tar.ts";
import { ARCHIVE_NAME, vectorsArchive } from "./vectors_archive.ts";

const SKIP = spawnSync("python3", ["--version"]).status === 0 ||
    env.MAPPED_RAM_REQUIRE_PYTHON === "1"
  ? false
  : "there is no python3";

test("tar() writes what tar(1) reads, in any path that fits", () => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-tar-"));
  try {
    const long = `${"a".repeat(90)}/${"b".repeat(90)}`;
    const files = [
      { path: "empty", bytes: new Uint8Array() },
      { path: "a/block", bytes: new Uint8Array(512).fill(1) },
      { path: long, bytes: Buffer.from("long"), isProgram: true },
    ];
    const archive = join(folder, "a.tar");
    writeFileSync(archive, tar(files));
    const { status } = spawnSync("tar", ["-xf", archive, "-C", folder]);
    assert.equal(status, 0);
    for (const { path, bytes } of files) {
      assert.deepEqual(readFileSync(join(folder, path)), Buffer.from(bytes));
    }
    assert.throws(
      () => tar([{ path: "c".repeat(101), bytes: new Uint8Array() }]),
      /Cannot archive c+: its path is too long/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("vectorsArchive() holds the vectors and a runner that works", {
  skip: SKIP,
  timeout: 300_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-archive-"));
  try {
    const archive = join(folder, "vectors.tar.gz");
    writeFileSync(archive, vectorsArchive());
    assert.equal(
      spawnSync("tar", ["-xzf", archive, "-C", folder]).status,
      0,
    );
    const top = join(folder, ARCHIVE_NAME);
    const root = join(top, "conformance");
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const [, spec] = /\[SPEC\.md\]\((.+?)\)/.exec(readme) ?? [];
    assert(existsSync(join(root, spec)), `README.md links to ${spec}`);
    const [, runner] = /^python3 (\S+) PROGRAM/m.exec(readme) ?? [];
    for (const { path, unpackSidecarTo } of suiteVectors()) {
      const sidecar = unpackSidecarTo === undefined ? [] : ["sidecar.gz"];
      for (const name of ["expected.json", "snapshot.gz", ...sidecar]) {
        assert(existsSync(join(root, path, name)), `${path}/${name}`);
      }
    }
    assert(
      existsSync(join(root, "vectors/invalid/stream-magic/zeros/snapshot")),
    );
    const { stdout, status } = spawnSync("python3", [
      runner,
      ...["--only", "valid/pages"],
      ...["python3", "conformance/readers/mapped_ram_reader.py"],
    ], { cwd: top, encoding: "utf8" });
    assert.match(stdout, /^core +\d\d pass +0 fail +0 not supported$/m);
    assert.equal(status, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
