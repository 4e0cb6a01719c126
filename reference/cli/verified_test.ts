import assert from "node:assert/strict";
import { test } from "node:test";
import { openSnapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { PATIENT, run, runAll, runAllGood } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { damage, writeSealed } from "./testing/sealed_file.ts";
import { fixtureGuest } from "./testing/snapshot_fixture.ts";

/** Commands that read FILE, with what they print or the name of their product. */
const READING = [
  "info FILE",
  "info FILE --map --json",
  "info FILE --devices",
  "bitmaps FILE",
  "verify FILE",
  "verify FILE --pages",
  "read FILE pc.ram 0x1000 64K",
  "read FILE pc.ram 0x1000 64K --out OUT/bytes",
  "load FILE OUT/images --jobs 2",
  "convert FILE OUT/vm.seq",
  "save OUT/new.mr --device-state FILE",
];

/** Those that wait for a QEMU or a VM once they have read FILE. */
const SERVING = [
  "resume FILE --to unix:OUT/socket",
  "page-server FILE --block pc.ram --listen unix:OUT/socket",
];

/** Returns the words of a command, with a folder of its own for products. */
function wordsOf(
  command: string,
  { file, out }: { readonly file: string; readonly out: string },
): string[] {
  return command.replaceAll("FILE", file).replaceAll("OUT", out).split(" ");
}

/** Returns the lines with the digest, each with new files below `out`. */
function linesOf(
  commands: readonly string[],
  { path, digest, out }: {
    readonly path: string;
    readonly digest: string;
    readonly out: string;
  },
): string[][] {
  return commands.map((it) => [
    ...wordsOf(it, { file: path, out }),
    ...["--digest", digest],
  ]);
}

test("commands read a sealed file like an unsealed one", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  using checkedOut = new ScratchDirectory();
  using plainOut = new ScratchDirectory();
  const file = writeSealed(scratch, "vm.mr", await fixtureGuest());
  const checked = await runAllGood(
    linesOf(READING, { ...file, out: checkedOut.path }),
  );
  const plain = await runAllGood(
    READING.map((it) => wordsOf(it, { file: file.path, out: plainOut.path })),
  );
  READING.forEach((command, index) => {
    if (command.includes("OUT")) return;
    assert.ok(
      /^(info|verify)/.test(command) && !command.includes("--devices")
        ? checked[index].includes(file.digest)
        : checked[index] === plain[index],
      command,
    );
    assert.ok(!plain[index].includes("sha256:"), command);
  });
  for (const name of ["bytes", "vm.seq", "new.mr", "images/pc.ram.img"]) {
    assert.deepEqual(checkedOut.read(name), plainOut.read(name), name);
  }
});

test(
  "no command takes a file that was changed for another kind, or a bad one",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    using out = new ScratchDirectory();
    const file = writeSealed(scratch, "vm.mr", await fixtureGuest());
    damage(scratch, "vm.mr", { from: 0, until: 1 });
    const lines = linesOf([...READING, ...SERVING], { ...file, out: out.path });
    const results = await runAll(lines);
    results.forEach(({ code, stdout, stderr }, index) => {
      const line = lines[index].join(" ");
      assert.match(
        stderr,
        /^error: Cannot trust ".*vm\.mr": byte 0x0, .*sha256:\w+ \(verity-data\); the file was .* changed .*: get it again\n$/,
        line,
      );
      assert.equal(code, 3, line);
      const isJson = lines[index].includes("--json");
      assert.match(stdout, isJson ? /^\{"event":"untrusted"/ : /^$/, line);
    });
    assert.deepEqual(out.list(), []);
  },
);

test(
  "a changed page is never printed, written, or called good",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    using out = new ScratchDirectory();
    const file = writeSealed(scratch, "vm.mr", await fixtureGuest());
    const snapshot = await openSnapshot(memorySource(file.bytes));
    const { pagesOffset } = snapshot.block("pc.ram");
    const from = pagesOffset + 5 * 4096;
    damage(scratch, "vm.mr", { from, until: from + 1 });
    const commands = READING.filter((it) => !/^(info|bitmaps)/.test(it));
    const lines = linesOf(commands, { ...file, out: out.path });
    const results = await runAll(lines.map((it) => [...it, "--json"]));
    results.forEach(({ code, stdout, stderr }, index) => {
      const line = lines[index].join(" ");
      assert.equal(code, 3, line);
      assert.match(stderr, /page 5 of RAMBlock "pc\.ram"/, line);
      const events = stdout.trimEnd().split("\n");
      const { found, expected, ...event } = JSON.parse(events.at(-1) ?? "");
      assert.deepEqual(event, {
        event: "untrusted",
        file: file.path,
        offset: from,
        length: 4096,
        idstr: "pc.ram",
        page: 5,
        rule: "verity-data",
        digest: file.digest,
      }, line);
      assert.match(found, /^block \d+ with SHA-256 \w{64}$/);
      assert.match(expected, /^\w{64}$/);
    });
    assert.deepEqual(out.list(), []);
    // What was not changed can be read.
    await runAllGood(
      linesOf(["info FILE --map", "read FILE pc.ram 0x8000 4K"], {
        ...file,
        out: out.path,
      }),
    );
  },
);

test(
  "a digest that is none is a usage error, and so is a sidecar without one",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const { path, digest } = writeSealed(
      scratch,
      "vm.mr",
      await fixtureGuest(),
    );
    const commands = [...READING, ...SERVING];
    const lines = commands.flatMap((it) => {
      const words = wordsOf(it, { file: path, out: scratch.path });
      return [
        [...words, "--digest", digest.toUpperCase()],
        [...words, "--verity", `${path}.verity`],
      ];
    });
    lines.push(
      ["info", path, "--digest", digest, "--against", "-M none", "--try"],
      ["load", path, scratch.file("images"), "--digest", digest, "--direct-io"],
      ["save", "a", "--block", `x=${path}`, "--block-digest", `y=${digest}`],
      ["save", "a", "--block", `x=${path}`, "--block-digest", "x=sha256:12"],
    );
    const before = scratch.list();
    const results = await runAll(lines);
    results.forEach(({ code, stderr }, index) => {
      assert.equal(code, 2, stderr);
      assert.match(
        stderr,
        /^error: Cannot use .*(--digest|--block-digest)/,
        lines[index].join(" "),
      );
    });
    assert.deepEqual(scratch.list(), before);
  },
);

test("resume maps no file past the check", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const { path, digest } = writeSealed(scratch, "vm.mr", await fixtureGuest());
  const way = ["--via", "map", "--", "-M", "pc"];
  const { code, stderr } = await run([
    ...["resume", path, "--digest", digest, ...way],
  ]);
  assert.match(stderr, /Cannot map .*unchecked|the kernel does not check it/);
  assert.match(
    stderr,
    /by postcopy \(fsverity enable \S*vm\.mr, --verify-first, or --via postcopy\)\n$/,
  );
  assert.equal(code, 1);
});
