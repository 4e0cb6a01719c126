import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { FormatError, UnsupportedError } from "../../format/rules/mod.ts";
import { memorySource, SourceError } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { BackingPlaces } from "./backing_places.ts";
import {
  openBackingFiles,
  openBackingFilesSync,
} from "./open_backing_files.ts";

const IMAGE = memorySource(new Uint8Array(1), { name: "the image" });

/** Returns the address that a name leads to, or the refusal. */
function resolve(
  first: URL | string,
  name: string,
  allowed: readonly string[] = [],
): string {
  const places = new BackingPlaces(first, allowed);
  try {
    return String(places.resolve({ name, format: "raw", offset: 7 }, IMAGE));
  } catch (error) {
    assert.ok(error instanceof UnsupportedError, String(error));
    assert.equal(error.rule, "qcow2-backing-place");
    assert.equal(error.offset, 7);
    return error.message;
  }
}

/** A folder with an image, a file beside it, links, and files elsewhere. */
function makeFolder(): ScratchFolder {
  const folder = new ScratchFolder();
  for (const name of ["in", "in/sub", "in2"]) mkdirSync(folder.file(name));
  for (const name of ["in/vm", "in/base", "in/sub/base", "in2/x", "out"]) {
    writeFileSync(folder.file(name), name);
  }
  symlinkSync("../out", folder.file("in/link"));
  symlinkSync("base", folder.file("in/link-inside"));
  symlinkSync("../in2", folder.file("in/linked-folder"));
  return folder;
}

test("a path is one in the folder of the image, links resolved", () => {
  using folder = makeFolder();
  const vm = folder.file("in/vm");
  for (
    const [name, expected] of [
      ["base", "in/base"],
      ["./base", "in/base"],
      ["sub/base", "in/sub/base"],
      ["sub/../base", "in/base"],
      ["../in/base", "in/base"],
      ["link-inside", "in/base"],
      [folder.file("in/base"), "in/base"],
      ["missing", "in/missing"],
      ["missing/deeper", "in/missing/deeper"],
      ["..a", "in/..a"],
    ] as const
  ) assert.equal(resolve(vm, name), folder.file(expected), name);
  for (
    const name of [
      ...["/etc/shadow", "../out", "../in2/x", "link", "linked-folder/x"],
      ...["sub/../../out", "..", "../missing", folder.file("out"), "../innot"],
      // The folder above the target of the link, as for the kernel.
      ...["linked-folder/../out", "linked-folder/../in2/x"],
    ]
  ) {
    const message = resolve(vm, name);
    assert.ok(message.includes(JSON.stringify(name)), message);
    assert.ok(message.includes(JSON.stringify(folder.file("in"))), message);
    assert.ok(message.includes("--allow-backing PLACE"), message);
  }
  const named = resolve(vm, "/etc/passwd");
  assert.match(named, /the backing file "\/etc\/passwd", expected a file in/);
});

test("what cannot be opened is named as the backing file of an image", async () => {
  const named = { name: "base", format: "raw", offset: 7 };
  const fail = () => {
    throw new SourceError("base", 'Cannot open "base": gone', {
      range: { offset: 0, length: 4 },
      changed: true,
    });
  };
  const link =
    /^Cannot open "base": gone; it is the backing file of "the image": put it there, or .* rebase -u -F raw -b PLACE "the image"$/;
  const explained = (error: unknown) =>
    error instanceof SourceError && link.test(error.message) &&
    error.changed && error.range?.length === 4;
  const open = openBackingFiles("/in/vm", { open: fail });
  await assert.rejects(async () => await open(named, IMAGE), explained);
  const openSync = openBackingFilesSync("/in/vm", { open: fail });
  assert.throws(() => openSync(named, IMAGE), explained);
  const url = memorySource(new Uint8Array(1), { name: "https://host/vm" });
  await assert.rejects(
    async () => await open(named, url),
    /"https:\/\/host\/vm": put it there$/,
  );
  const damaged = new TypeError("not a matter of opening");
  const other = openBackingFiles("/in/vm", {
    open: () => Promise.reject(damaged),
  });
  await assert.rejects(
    async () => await other(named, IMAGE),
    (error) => error === damaged,
  );
});

test("places that the caller allows are folders, files, and URLs", () => {
  using folder = makeFolder();
  const vm = folder.file("in/vm");
  const out = folder.file("out");
  assert.equal(resolve(vm, "../out", [out]), out);
  assert.equal(resolve(vm, "link", [folder.path]), out);
  assert.match(resolve(vm, "../out", [folder.file("in2")]), /which is ".*out"/);
  const url = "https://host/a/base";
  assert.equal(resolve(vm, url, ["https://host/a"]), url);
  assert.match(
    resolve(vm, url, ["https://host/b", "https://other/a"]),
    /a\/base/,
  );
  assert.match(resolve(vm, url), /--allow-backing/);
  assert.equal(resolve(new URL("https://host/vm"), out, [out]), out);
});

test("a URL has the origin of the image, and a path in its folder", () => {
  const vm = new URL("https://user:word@host/a/vm?key=secret");
  const base = "https://user:word@host/a/";
  assert.equal(resolve(vm, "base"), `${base}base`);
  assert.equal(resolve(vm, "b/c"), `${base}b/c`);
  assert.equal(resolve(vm, "b/../c"), `${base}c`);
  assert.equal(resolve(vm, "https://host/a/c"), "https://host/a/c");
  const inKey = new URL("https://host/a%2fb/vm");
  assert.equal(resolve(inKey, "c"), "https://host/a%2fb/c");
  const key = "https://host/a/b%2Fc";
  assert.equal(resolve(inKey, key, [key]), key);
  for (
    const name of [
      ...["../base", "/a/base", "//host/a/base", "%2e%2e/x", "..%2fx", "b%5cx"],
      ...["https://host/ab", "https://host/", "http://host/a/c", "..\\x"],
      ...["https://host:8443/a/c", "https://host.evil/a/c", "file:///a/base"],
      // A server may decode what no parser of URLs does.
      ...["https://host/a/..%2fx", "https://host/a/b/%2e%2e%5Cx", "/%2fa/x"],
      ...["https://host@evil/a/c", "HTTPS://evil/a/base", "\\\\evil\\a\\x"],
    ]
  ) {
    const message = resolve(vm, name);
    assert.match(message, /^Cannot read "the image"/, name);
    assert.ok(!message.includes("secret") && !message.includes("word"));
  }
});

test("what QEMU takes as a protocol is refused by its name", () => {
  for (
    const name of [
      ...['json:{"driver":"raw"}', "nbd:host:1", "nbd+unix:///x", "file:base"],
      ...["file:///etc/shadow", "fat:/etc", "ssh://host/x", "a:b", "c:\\x"],
      "http:/x",
    ]
  ) {
    assert.match(resolve("/in/vm", name), /an address of the kind "/, name);
  }
  assert.equal(resolve("/in/vm", "./a:b"), "/in/a:b");
});

test("an image of a chain is resolved from its own folder, and opened once", async () => {
  using folder = makeFolder();
  const opened: string[] = [];
  const open = openBackingFiles(folder.file("in/vm"), {
    open: (address) => {
      opened.push(String(address));
      return memorySource(new Uint8Array(1), { name: String(address) });
    },
  });
  const named = (name: string) => ({ name, format: "qcow2", offset: 7 });
  const base = await open(named("sub/base"), IMAGE);
  const next = await open(named("../base"), base);
  assert.deepEqual(opened, [
    folder.file("in/sub/base"),
    folder.file("in/base"),
  ]);
  for (const name of ["sub/base", "vm", "link-inside", "sub/../vm"]) {
    await assert.rejects(
      async () => await open(named(name), next),
      (error) => error instanceof FormatError && error.rule === "qcow2-chain",
      name,
    );
  }
  assert.equal(opened.length, 2);
});

test("names in an image that a link leads to are relative to the link", async () => {
  using folder = makeFolder();
  symlinkSync("sub/vm", folder.file("in/link-to-vm"));
  symlinkSync("sub/next", folder.file("in/link-to-next"));
  for (const name of ["in/sub/vm", "in/sub/next"]) {
    writeFileSync(folder.file(name), name);
  }
  const link = folder.file("in/link-to-vm");
  assert.equal(resolve(link, "base"), folder.file("in/base"));
  const open = openBackingFiles(link, {
    open: (address) =>
      memorySource(new Uint8Array(1), { name: String(address) }),
  });
  const named = (name: string) => ({ name, format: "qcow2", offset: 7 });
  const next = await open(named("link-to-next"), IMAGE);
  assert.equal(next.name, folder.file("in/sub/next"));
  const base = await open(named("base"), next);
  assert.equal(base.name, folder.file("in/base"));
  // Links resolved, it is the first image.
  await assert.rejects(
    async () => await open(named("sub/vm"), base),
    (error) => error instanceof FormatError && error.rule === "qcow2-chain",
  );
});

test("a file that is replaced by a link while it is opened is refused", async () => {
  using folder = makeFolder();
  let isClosed = false;
  const open = openBackingFiles(folder.file("in/vm"), {
    open: () => {
      symlinkSync("/etc/hostname", folder.file("in/later"));
      return Object.assign(memorySource(new Uint8Array(1)), {
        [Symbol.dispose]: () => {
          isClosed = true;
        },
      });
    },
  });
  await assert.rejects(
    async () => await open({ name: "later", format: "raw", offset: 7 }, IMAGE),
    /which was replaced by a link/,
  );
  assert.ok(isClosed);
});
