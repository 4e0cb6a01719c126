import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { env } from "node:process";
import { test } from "node:test";
import {
  dependencyOf,
  extractFromPackage,
  type PackageOptions,
  unpackPackage,
} from "./debian_package.ts";
import { findPrograms } from "./find_program.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const CONTROL = `Package: thing
Version: 1.0
Architecture: all
Maintainer: nobody <nobody@example.com>
Description: a thing
`;

debianTest(
  "extractFromPackage() extracts one file",
  async (scratch, options) => {
    apt(scratch, `cp '${makePackage(scratch)}' .`);
    const target = scratch.file("cache/thing");
    const path = /^boot\/thing-/;
    await extractFromPackage({ packageName: "thing", path }, target, options);
    assert.equal(readFileSync(target, "utf8"), "content");
    assert.deepEqual(readdirSync(scratch.file("cache")), ["thing"]);
  },
);

debianTest(
  "unpackPackage() unpacks all files, and leaves those of a concurrent call",
  async (scratch, options) => {
    apt(scratch, `cp '${makePackage(scratch)}' .`);
    const target = scratch.file("cache/thing");
    for (let call = 0; call < 2; call++) {
      await unpackPackage("thing", target, options);
      assert.equal(readFileSync(`${target}/boot/thing-1.0`, "utf8"), "content");
      assert.deepEqual(readdirSync(scratch.file("cache")), ["thing"]);
    }
  },
);

const FAILURES: Readonly<Record<string, readonly [string, RegExp]>> = {
  "apt-get fails": [
    "head -c 100 '@' >thing.deb; echo no network >&2; exit 100",
    /Cannot run apt-get download thing: no network/,
  ],
  "apt-get downloads nothing": [":", /apt-get left no file/],
  "the archive is truncated": [
    "head -c 100 '@' >thing.deb",
    /Cannot run dpkg -x/,
  ],
  "the file is not in it": ["cp '@' .", /Cannot find .*no-such.* thing/],
};
for (const [when, [script, message]] of Object.entries(FAILURES)) {
  debianTest(
    `extractFromPackage() leaves no files when ${when}`,
    async (scratch, options) => {
      apt(scratch, script.replace("@", makePackage(scratch)));
      const target = scratch.file("cache/thing");
      const path = when.startsWith("the file") ? /no-such/ : /^boot\/thing-/;
      await assert.rejects(
        extractFromPackage({ packageName: "thing", path }, target, options),
        message,
      );
      assert.deepEqual(readdirSync(scratch.file("cache")), []);
    },
  );
}

debianTest(
  "dependencyOf() returns the first match",
  async (scratch, options) => {
    apt(
      scratch,
      "printf 'thing\\n  Depends: one\\n  Suggests: two-1\\n  Depends: two-2\\n'",
    );
    assert.equal(await dependencyOf("thing", /^two-/, options), "two-2");
    await assert.rejects(
      dependencyOf("thing", /^three/, options),
      /Cannot find what package thing depends on: .*expected .*three/,
    );
  },
);

/** A test with an environment in whose PATH its own programs are first. */
function debianTest(
  name: string,
  body: (scratch: ScratchDirectory, options: PackageOptions) => Promise<void>,
): void {
  const missing = ["dpkg", "dpkg-deb"].filter((it) => !findPrograms(it).length);
  if (missing.length > 0) {
    const skip = `${missing.join(" and ")} not in PATH`;
    test(`${name} (skipped: ${skip})`, { skip }, () => {});
    return;
  }
  test(name, async () => {
    using scratch = new ScratchDirectory();
    const path = scratch.file("bin") + delimiter + (env.PATH ?? "");
    await body(scratch, { environment: { ...env, PATH: path } });
  });
}

/** Replaces apt-get and apt-cache with a script. */
function apt(scratch: ScratchDirectory, script: string): void {
  mkdirSync(scratch.file("bin"));
  for (const name of ["apt-get", "apt-cache"]) {
    const path = scratch.file(`bin/${name}`);
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
}

/** Makes a package with one file. */
function makePackage(scratch: ScratchDirectory): string {
  const tree = scratch.file("tree");
  mkdirSync(`${tree}/DEBIAN`, { recursive: true });
  mkdirSync(`${tree}/boot`);
  writeFileSync(`${tree}/DEBIAN/control`, CONTROL);
  writeFileSync(`${tree}/boot/thing-1.0`, "content");
  const archive = scratch.file("thing_1.0_all.deb");
  execFileSync("dpkg-deb", ["--build", tree, archive], { stdio: "pipe" });
  return archive;
}
