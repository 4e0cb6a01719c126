import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { ScratchFolder } from "../../testing/scratch_folder.ts";
import { FileGroup } from "./file_group.ts";
import { type Change, files, OLD, texts } from "./testing/pending_files.ts";

/**
 * Returns the folder as a process leaves it that is killed in the commit of the
 * third file: a copy of that moment, with its links.
 */
async function killedAt(change: "before" | "after"): Promise<ScratchFolder> {
  const copy = new ScratchFolder();
  using scratch = new ScratchFolder();
  const snap: Change = (sink) => ({
    commit: async () => {
      if (change === "after") await sink.commit();
      copyFolder(scratch, copy);
      if (change === "before") await sink.commit();
    },
  });
  const all = await files(scratch, snap);
  using group = new FileGroup(scratch.path);
  await group.commit(all);
  return copy;
}

/**
 * Links the files, so that their marks stay the same, under the names of
 * abandoned files; copies the journal.
 */
function copyFolder(from: ScratchFolder, to: ScratchFolder): void {
  for (const name of from.names()) {
    const abandoned = name.replace(/\.\d+-[0-9a-z]{18}l?-/, ".0-0-");
    if (!name.startsWith(".mapped-ram")) {
      linkSync(from.file(name), to.file(abandoned));
      continue;
    }
    const journal = readFileSync(from.file(name));
    writeFileSync(to.file(abandoned), journal, { mode: 0o600 });
  }
}

test("FileGroup undoes the commit of a killed process", async () => {
  for (const when of ["before", "after"] as const) {
    using scratch = await killedAt(when);
    const names = scratch.names();
    assert(names.some((it) => it.endsWith(".old")), names.join());
    assert.equal(readFileSync(scratch.file("a"), "utf8"), "new a");
    using group = new FileGroup(scratch.path);
    const restored = when === "before" ? ["a"] : ["a", "c"];
    assert.deepEqual(group.restored, restored.map((it) => scratch.file(it)));
    group[Symbol.dispose]();
    for (const name of scratch.names()) {
      if (name.endsWith(".partial")) rmSync(scratch.file(name));
    }
    assert.deepEqual(texts(scratch), OLD);
  }
});

test("FileGroup keeps a file that was created after the commit", async () => {
  using scratch = await killedAt("after");
  writeFileSync(scratch.file("third"), "third");
  renameSync(scratch.file("third"), scratch.file("a"));
  rmSync(scratch.file("b"));
  writeFileSync(scratch.file("b"), "third");
  using group = new FileGroup(scratch.path);
  assert.deepEqual(group.restored, [scratch.file("c")]);
  const { a, b, c } = texts(scratch);
  assert.deepEqual({ a, b, c }, { a: "third", b: "third", c: "old c" });
  assert(!scratch.names().some((it) => it.endsWith(".old")));
});

test("FileGroup removes old files if the commit of a killed process was complete", async () => {
  using scratch = await killedAt("after");
  const name = scratch.names().find((it) => it.startsWith(".mapped-ram")) ?? "";
  const journal = readFileSync(scratch.file(name), "utf8");
  writeFileSync(scratch.file(name), journal.replace(/^undo/, "done"));
  using group = new FileGroup(scratch.path);
  assert.deepEqual(group.restored, []);
  assert.equal(readFileSync(scratch.file("a"), "utf8"), "new a");
  assert(!scratch.names().some((it) => it.endsWith(".old")));
});

test("FileGroup ignores a journal that others may have written", async () => {
  using scratch = await killedAt("after");
  const name = scratch.names().find((it) => it.startsWith(".mapped-ram")) ?? "";
  linkSync(scratch.file(name), scratch.file("another"));
  {
    using group = new FileGroup(scratch.path);
    assert.deepEqual(group.restored, []);
  }
  assert.equal(readFileSync(scratch.file("a"), "utf8"), "new a");
  // A truncated journal is ignored, too.
  rmSync(scratch.file("another"));
  const journal = readFileSync(scratch.file(name), "utf8");
  writeFileSync(scratch.file(name), journal.slice(0, -1));
  using group = new FileGroup(scratch.path);
  assert.deepEqual(group.restored, []);
  assert(!existsSync(scratch.file(name)));
});

test("FileGroup follows no journal out of a folder that others can write to", async () => {
  for (const mode of [0o777, 0o700]) {
    using scratch = await killedAt("after");
    using far = new ScratchFolder();
    // This represents another user's file; the journal names it by its path.
    const name = scratch.names().find((it) => it.startsWith(".mapped")) ?? "";
    const [word] = /[0-9a-f]{8}(?=.old$)/.exec(
      scratch.names().find((it) => /^a\..*old$/.test(it)) ?? "",
    ) ?? [];
    renameSync(scratch.file("a"), far.file("a"));
    renameSync(scratch.file(`a.${word}.old`), far.file(`a.${word}.old`));
    const journal = readFileSync(scratch.file(name), "utf8");
    writeFileSync(
      scratch.file(name),
      journal.replace('"target":"a"', `"target":"${far.file("a")}"`),
    );
    chmodSync(scratch.path, mode);
    using _group = new FileGroup(scratch.path);
    const isOwn = mode === 0o700;
    assert.equal(
      readFileSync(far.file("a"), "utf8"),
      isOwn ? "old a" : "new a",
    );
    assert.equal(readFileSync(scratch.file("c"), "utf8"), "old c");
  }
});
