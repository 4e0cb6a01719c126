import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { type ByteSink, createFileSink, memorySink } from "../../sinks/mod.ts";
import { backingOf, setBacking } from "../../sources/mod.ts";
import { ScratchFolder } from "../../testing/scratch_folder.ts";
import { FileGroup, type PendingFile } from "./file_group.ts";

type Change = (sink: ByteSink) => Partial<ByteSink>;

async function pending(
  scratch: ScratchFolder,
  name: string,
  change: Change = () => ({}),
): Promise<PendingFile> {
  const path = scratch.file(name);
  const sink = createFileSink(path, { force: true });
  await sink.write(new TextEncoder().encode(`new ${name}`), 0);
  const changed = {
    name: sink.name,
    write: (bytes: Uint8Array, offset: number) => sink.write(bytes, offset),
    setLength: (byteLength: number) => sink.setLength(byteLength),
    flush: () => sink.flush(),
    commit: () => sink.commit(),
    abort: () => sink.abort(),
    ...change(sink),
  };
  const backing = backingOf(sink);
  if (backing !== undefined) setBacking(changed, backing);
  return { path, sink: changed };
}

function texts(scratch: ScratchFolder): Record<string, string> {
  return Object.fromEntries(
    scratch.names().map((name) => [
      name,
      readFileSync(scratch.file(name), "utf8"),
    ]),
  );
}

/**
 * Creates a folder with old files, and new files for them, the third with a
 * changed sink.
 */
async function files(
  scratch: ScratchFolder,
  change?: Change,
): Promise<PendingFile[]> {
  for (const name of ["a", "c", "d"]) {
    writeFileSync(scratch.file(name), `old ${name}`);
  }
  return [
    await pending(scratch, "a"),
    await pending(scratch, "b"),
    await pending(scratch, "c", change),
    await pending(scratch, "d"),
  ];
}

const OLD = { a: "old a", c: "old c", d: "old d" };
const NEW = { a: "new a", b: "new b", c: "new c", d: "new d" };

const BEFORE: Change = () => ({
  commit: () => Promise.reject(new Error("disk on fire")),
});
const AFTER: Change = (sink) => ({
  commit: async () => {
    await sink.commit();
    throw new Error("disk on fire");
  },
});

test("commit() puts all files in place and leaves no others", async () => {
  using scratch = new ScratchFolder();
  using group = new FileGroup(scratch.path);
  assert.deepEqual(group.restored, []);
  await group.commit(await files(scratch));
  group[Symbol.dispose]();
  assert.deepEqual(texts(scratch), NEW);
});

test("commit() undoes its work when one file fails", async () => {
  for (const change of [BEFORE, AFTER]) {
    using scratch = new ScratchFolder();
    const pendingFiles = await files(scratch, change);
    {
      using group = new FileGroup(scratch.path);
      await assert.rejects(group.commit(pendingFiles), /disk on fire/);
    }
    for (const { sink } of pendingFiles) await sink.abort();
    assert.deepEqual(texts(scratch), OLD);
  }
});

test("FileGroup takes link/.. for the folder above the target of the link", async () => {
  using scratch = new ScratchFolder();
  mkdirSync(scratch.file("far/below"), { recursive: true });
  symlinkSync("far/below", scratch.file("link"));
  const folder = `${scratch.path}/link/..`;
  const [one, two] = ["one", "two"].map((name) => {
    for (const place of [scratch.file(name), `${folder}/${name}`]) {
      writeFileSync(place, `old ${place}`);
    }
    const path = `${folder}/${name}`;
    return { path, sink: createFileSink(path, { force: true }) };
  });
  const contents = () =>
    ["one", "two", "far/one", "far/two"].map((name) =>
      readFileSync(scratch.file(name), "utf8")
    );
  const old = contents();
  for (const { sink } of [one, two]) await sink.write(new Uint8Array(1), 0);
  const failing = {
    ...two,
    sink: { ...two.sink, commit: BEFORE(two.sink).commit },
  };
  const backing = backingOf(two.sink);
  if (backing !== undefined) setBacking(failing.sink, backing);
  {
    using group = new FileGroup(folder);
    await assert.rejects(
      group.commit([one, failing as PendingFile]),
      /disk on fire/,
    );
    assert.deepEqual(contents(), old);
  }
  const again = createFileSink(one.path, { force: true });
  await again.write(new Uint8Array(1), 0);
  {
    using group = new FileGroup(folder);
    await group.commit([{ ...one, sink: again }, two]);
  }
  assert.deepEqual(contents(), [old[0], old[1], "\0", "\0"]);
  assert.deepEqual(scratch.names(), ["far", "link", "one", "two"]);
  assert.deepEqual(readdirSync(scratch.file("far")).toSorted(), [
    "below",
    "one",
    "two",
  ]);
});

test("commit() refuses a sink that is not a file before doing anything", async () => {
  using scratch = new ScratchFolder();
  const [first] = await files(scratch);
  using group = new FileGroup(scratch.path);
  const other = { sink: memorySink(), path: scratch.file("m") };
  await assert.rejects(group.commit([first, other]), TypeError);
  assert.equal(readFileSync(first.path, "utf8"), "old a");
});

test("FileGroup refuses a folder that another group is using", () => {
  using scratch = new ScratchFolder();
  using _group = new FileGroup(scratch.path);
  assert.throws(
    () => new FileGroup(scratch.path),
    /^SourceError: Cannot write ".*": process \d+ is writing it; if/,
  );
});

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

test("FileGroup says why it cannot create a journal", () => {
  using scratch = new ScratchFolder();
  mkdirSync(scratch.file("in"));
  assert.throws(() => new FileGroup(scratch.file("in/no")), /no such file/);
  assert.deepEqual(readdirSync(scratch.file("in")), []);
});
