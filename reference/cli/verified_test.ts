import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import { rangeEnd } from "../../format/bytes/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { INPUTS } from "./convert/formats.ts";
import { PATIENT, run, runAll, runAllGood } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { damage, writeSealed } from "./testing/sealed_file.ts";
import { fixtureStream, packedImage } from "./testing/sequential_fixture.ts";
import {
  fixtureGuest,
  fixtureMemory,
  fixtureSnapshot,
} from "./testing/snapshot_fixture.ts";

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
        /^error: Cannot trust ".*vm\.mr": byte 0x0, .*sha256:\w+ \(verity-data\)\n$/,
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

test("no conversion takes memory that was changed", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  using made = new ScratchDirectory();
  const guest = await fixtureSnapshot();
  const source = made.write("vm.mr", guest);
  await runAll(
    ["elf", "lime"].map((to) => ["convert", source, made.file(to), "--to", to]),
  );
  const stream = await fixtureStream();
  const files: Readonly<Record<string, Uint8Array>> = {
    "mapped-ram": guest,
    sequential: stream,
    packed: packedImage(stream),
    elf: made.read("elf"),
    lime: made.read("lime"),
    raw: fixtureMemory()["pc.ram"],
  };
  const digests = new Map<string, string>();
  for (const [name, bytes] of Object.entries(files)) {
    digests.set(name, writeSealed(scratch, name, bytes).digest);
    damage(scratch, name, { from: bytes.length >> 1 });
  }
  mkdirSync(scratch.file("out"));
  const ways = Object.entries(INPUTS).flatMap(([from, { to }]) =>
    Object.keys(to).map((it) => [from, it] as const)
  );
  assert.ok(ways.length > 15);
  const lines = ways.map(([from, to]) => [
    ...[
      "convert",
      scratch.file(from),
      scratch.file(`out/${from}-${to}`),
      "--from",
      from,
    ],
    ...["--to", to, "--digest", digests.get(from) ?? ""],
    // A dump does not say whose it is.
    ...(to === "elf" ? ["--arch", "x86_64"] : []),
  ]);
  const results = await runAll(lines);
  results.forEach(({ code, stderr }, index) => {
    const line = lines[index].join(" ");
    assert.match(stderr, /^error: Cannot trust /, line);
    assert.equal(code, 3, line);
  });
  assert.deepEqual(readdirSync(scratch.file("out")), []);
});

test("save checks images, and the holes in them", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const memory = fixtureMemory()["pc.ram"];
  const { path, digest } = writeSealed(scratch, "ram", memory);
  const block = ["--block", `pc.ram=${path}`];
  const save = (name: string, ...words: readonly string[]) => [
    ...["save", scratch.file(name), ...block, ...words],
    ...["--block-digest", `pc.ram=${digest}`],
  ];
  await runAllGood([
    ["save", scratch.file("plain.mr"), ...block],
    save("good.mr", "--jobs", "2"),
  ]);
  assert.deepEqual(scratch.read("good.mr"), scratch.read("plain.mr"));
  // As if something had punched a hole: all zeros, and known to be.
  const punched = memory.slice().fill(0, 0x4000, 0x5000);
  scratch.write("ram", punched);
  const before = scratch.list();
  const lines = [
    save("a.mr"),
    save("b.mr", "--jobs", "2", "--scan"),
  ];
  for (const { code, stderr } of await runAll(lines)) {
    assert.match(
      stderr,
      /Cannot trust ".*ram": byte 0x4000, .*\(verity-data\)/,
    );
    assert.equal(code, 3);
  }
  assert.deepEqual(scratch.list(), before);
});

test(
  "save --resume checks what it compares and what it adds",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const memory = fixtureMemory()["pc.ram"];
    const { path, digest } = writeSealed(scratch, "ram", memory);
    const block = ["--block", `pc.ram=${path}`];
    await runAllGood([["save", scratch.file("plain.mr"), ...block]]);
    // As a killed save leaves it: the last word of the RAM section is zero.
    const unfinished = scratch.read("plain.mr");
    const { index } = await openSnapshot(memorySource(unfinished));
    const end = rangeEnd(index.ramSetup);
    unfinished.fill(0, end - 8, end);
    const line = [
      ...["save", scratch.file("vm.mr"), ...block, "--resume", "--jobs", "2"],
      ...["--block-digest", `pc.ram=${digest}`],
    ];
    const leave = () => {
      const partial = scratch.write("vm.mr.0-0-00000000.partial", unfinished);
      chmodSync(partial, 0o600);
    };
    leave();
    await runAllGood([line]);
    assert.deepEqual(scratch.read("vm.mr"), scratch.read("plain.mr"));
    rmSync(scratch.file("vm.mr"));
    leave();
    damage(scratch, "ram", { from: memory.length - 1 });
    const { code, stderr } = await run(line);
    assert.match(stderr, /Cannot trust ".*ram": byte 0x2ff000/);
    assert.equal(code, 3);
    assert.ok(!scratch.list().includes("vm.mr"));
  },
);

test(
  "a sidecar that is missing, of another file, or damaged is refused",
  PATIENT,
  async () => {
    using scratch = new ScratchDirectory();
    const good = writeSealed(scratch, "good.mr", await fixtureGuest());
    const other = writeSealed(scratch, "other.mr", new Uint8Array(8192));
    scratch.write("alone.mr", good.bytes);
    writeSealed(scratch, "damaged.mr", good.bytes);
    damage(scratch, "damaged.mr.verity", { from: 4096 });
    const digest = ["--digest", good.digest];
    const info = (name: string, ...more: readonly string[]) => [
      ...["info", scratch.file(name), ...digest, ...more],
    ];
    const results = await runAll([
      info("alone.mr"),
      info("alone.mr", "--verity", `${good.path}.verity`),
      info("alone.mr", "--verity", `file://${good.path}.verity`),
      info("alone.mr", "--verity", `${other.path}.verity`),
      info("damaged.mr"),
      ["info", good.path, "--digest", other.digest],
    ]);
    const expected: readonly (readonly [number, RegExp])[] = [
      [
        1,
        /alone\.mr\.verity": no such file .*: deno task seal \S+alone\.mr makes it, and --verity PLACE/,
      ],
      [0, /^$/],
      [0, /^$/],
      [3, /Cannot trust ".*other\.mr\.verity": .*\(verity-digest\)/],
      [3, /Cannot trust ".*damaged\.mr\.verity": byte 0x1000.*\(verity-tree\)/],
      [3, /Cannot trust ".*good\.mr\.verity": .*\(verity-digest\)/],
    ];
    results.forEach(({ code, stderr }, index) => {
      const [wanted, message] = expected[index];
      assert.equal(code, wanted, stderr);
      assert.match(stderr, message);
    });
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
  assert.match(stderr, /by postcopy/);
  assert.equal(code, 1);
});

test("threads do not read a file past the check", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  // So much that several threads would work on it.
  const memory = new Uint8Array(0x8400000);
  for (let at = 0; at < memory.length; at += 0x1000) memory[at] = at >> 12 | 1;
  scratch.write("ram", memory);
  const saved = scratch.file("vm.mr");
  await runAllGood([["save", saved, "--block", `ram=${scratch.file("ram")}`]]);
  const { path, digest } = writeSealed(scratch, "vm.mr", scratch.read("vm.mr"));
  const { digest: ofImage } = writeSealed(scratch, "ram", memory);
  damage(scratch, "vm.mr", { from: memory.length });
  damage(scratch, "ram", { from: memory.length - 1 });
  const before = scratch.list();
  const jobs = ["--jobs", "2"];
  const image = ["--block", `ram=${scratch.file("ram")}`, ...jobs];
  const ofBlock = ["--block-digest", `ram=${ofImage}`];
  for (
    const line of [
      ["load", path, scratch.file("images"), ...jobs, "--digest", digest],
      ["convert", path, scratch.file("copy.mr"), "--digest", digest],
      ["convert", path, scratch.file("images/"), "--digest", digest],
      ["save", scratch.file("new.mr"), ...image, ...ofBlock],
    ]
  ) {
    const { code, stderr } = await run(line);
    assert.match(stderr, /^error: Cannot trust /, line.join(" "));
    assert.equal(code, 3);
    assert.deepEqual(scratch.list(), before, line.join(" "));
  }
});
