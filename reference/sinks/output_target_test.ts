import assert from "node:assert/strict";
import {
  lchownSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { createFileSink } from "./file_sink.ts";
import { outputFolder, outputTarget } from "./output_target.ts";
import { sinkRefusal } from "./testing/sink_refusal.ts";

const BYTES = new TextEncoder().encode("QEVM");

test("createFileSink() writes the target of a symbolic link", async () => {
  using scratch = new ScratchFolder();
  mkdirSync(scratch.file("far"));
  writeFileSync(scratch.file("far/real"), "old");
  symlinkSync("far/real", scratch.file("link"));
  const sink = createFileSink(scratch.file("link"), { force: true });
  await sink.write(BYTES, 0);
  await sink.commit();
  assert.equal(readlinkSync(scratch.file("link")), "far/real");
  assert.equal(readFileSync(scratch.file("far/real"), "utf8"), "QEVM");
  assert.deepEqual(scratch.names(), ["far", "link"]);
});

test("a link in a linked folder leads where it does for the system", async () => {
  using scratch = new ScratchFolder();
  mkdirSync(scratch.file("a/b"), { recursive: true });
  symlinkSync("a/b", scratch.file("folder"));
  symlinkSync("../file", scratch.file("a/b/link"));
  for (const name of ["file", "a/file"]) {
    writeFileSync(scratch.file(name), name);
  }
  const path = scratch.file("folder/link");
  const sink = createFileSink(path, { force: true });
  await sink.write(BYTES, 0);
  await sink.commit();
  assert.equal(readFileSync(scratch.file("a/file"), "utf8"), "QEVM");
  assert.equal(readFileSync(scratch.file("file"), "utf8"), "file");
});

test("outputTarget() takes link/.. for the folder above the target of the link", () => {
  using scratch = new ScratchFolder();
  mkdirSync(scratch.file("a/b"), { recursive: true });
  symlinkSync("a/b", scratch.file("link"));
  const folder = realpathSync(scratch.path);
  for (const name of ["there", "new"]) {
    const path = `${scratch.path}/link/../${name}`;
    if (name === "there") writeFileSync(path, name);
    const { path: found, stat } = outputTarget(path);
    assert.equal(found, `${folder}/a/${name}`);
    assert.equal(stat?.isFile(), name === "there" ? true : undefined);
    assert.equal(outputFolder(`${path}/`).path, `${folder}/a/${name}`);
  }
  assert.equal(outputFolder(`${scratch.path}/link/..`).path, `${folder}/a`);
  assert.equal(outputFolder(`${scratch.path}/link/`).path, `${folder}/a/b`);
  assert.throws(
    () => createFileSink(`${scratch.path}/new/`),
    /no such file|not a dir/,
  );
});

test("createFileSink() refuses a dangling link, and another user's link", () => {
  using scratch = new ScratchFolder();
  const link = scratch.file("link");
  symlinkSync("nowhere", link);
  symlinkSync("link", scratch.file("link2"));
  symlinkSync("circle", scratch.file("circle"));
  for (const force of [false, true]) {
    for (const path of [link, scratch.file("link2")]) {
      assert.equal(
        sinkRefusal(path, force),
        'Cannot write "PATH": it is a symbolic link to ' +
          `"${
            scratch.file("nowhere")
          }", which does not exist; remove the link, ` +
          "or write to that path",
      );
    }
    assert.match(sinkRefusal(scratch.file("circle"), force), /form a loop$/);
  }
  if (process.geteuid?.() === 0) {
    writeFileSync(scratch.file("nowhere"), "precious");
    lchownSync(link, 65534, 65534);
    for (const path of [link, scratch.file("link2")]) {
      assert.match(sinkRefusal(path, true), /link of another user \(65534\);/);
    }
    assert.equal(readFileSync(scratch.file("nowhere"), "utf8"), "precious");
  }
});
