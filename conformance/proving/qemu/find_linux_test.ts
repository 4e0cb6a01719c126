import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { env } from "node:process";
import { test } from "node:test";
import { findLinux, REQUIRE_LINUX } from "./find_linux.ts";
import { LINUX_INIT } from "./linux_init.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

test("findLinux() returns undefined, or throws, without apt", async () => {
  using scratch = new ScratchDirectory();
  const environment = { PATH: scratch.path, XDG_CACHE_HOME: scratch.path };
  assert.equal(await findLinux({ environment }), undefined);
  const required = { ...environment, [REQUIRE_LINUX]: "1" };
  await assert.rejects(
    findLinux({ environment: required }),
    /Cannot run apt-cache depends/,
  );
  assert.ok(!existsSync(scratch.file("mapped-ram-linux/vmlinuz")));
});

test("findLinux() builds an initramfs from cached files", async () => {
  using scratch = new ScratchDirectory();
  const cache = scratch.file("mapped-ram-linux");
  mkdirSync(cache);
  writeFileSync(`${cache}/vmlinuz`, "a kernel");
  writeFileSync(`${cache}/busybox`, "a shell");
  const options = { environment: { ...env, XDG_CACHE_HOME: scratch.path } };
  const linux = await findLinux(options);
  assert.equal(linux?.vmlinuz, `${cache}/vmlinuz`);
  const archive = readFileSync(linux.initrd, "utf8");
  assert.ok(archive.includes("a shell"));
  assert.ok(archive.includes(LINUX_INIT));
  assert.deepEqual(await findLinux(options), linux);
  assert.equal(readdirSync(cache).length, 3);

  writeFileSync(`${cache}/busybox`, "another shell");
  assert.notEqual((await findLinux(options))?.initrd, linux.initrd);
});
