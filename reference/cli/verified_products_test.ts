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

test("no command replaces the sidecar that it reads", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const { path, digest, bytes } = writeSealed(
    scratch,
    "vm.mr",
    await fixtureGuest(),
  );
  const sidecar = `${path}.verity`;
  const checked = ["--digest", digest, "--force"];
  const image = ["--block", `ram=${path}`, "--block-digest", `ram=${digest}`];
  const memory = (await openSnapshot(memorySource(bytes))).blocks[0].idstr;
  const results = await runAll([
    ["convert", path, sidecar, "--to", "mapped-ram", ...checked],
    ["read", path, memory, "0", "16", "--out", sidecar, ...checked],
    ["save", sidecar, "--device-state", path, ...checked],
    ["save", sidecar, ...image, "--from", "raw", "--force"],
    ["resume", path, "--record", sidecar, "--to", "unix:x", ...checked],
    [
      ...["page-server", path, "--block", memory, "--listen", "unix:x"],
      ...["--record", sidecar, ...checked],
    ],
  ]);
  for (const { code, stderr } of results) {
    assert.match(stderr, /\.verity": it is an input, too/);
    assert.equal(code, 2);
  }
  assert.deepEqual(scratch.list(), ["vm.mr", "vm.mr.verity"]);
});

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
    writeSealed(scratch, "cut.mr", good.bytes);
    scratch.write("cut.mr", good.bytes.subarray(0, -5000));
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
      info("cut.mr"),
      ["info", good.path, "--digest", other.digest],
    ]);
    const expected: readonly (readonly [number, RegExp])[] = [
      [
        1,
        /alone\.mr\.verity": no such file .*: deno task seal \S+alone\.mr makes it, and --verity PLACE/,
      ],
      [0, /^$/],
      [0, /^$/],
      [
        3,
        /Cannot trust ".*other\.mr\.verity": .* the hashes of the digest sha256:\w+, expected sha256:\w+ \(verity-digest\); the file, its hashes and the digest do not belong together: .*$/m,
      ],
      [
        3,
        /Cannot trust ".*damaged\.mr\.verity": byte 0x1000.*\(verity-tree\); the hashes were damaged .*: get them again/,
      ],
      [
        3,
        /: ".*cut\.mr" of \d+ bytes, expected \d+ by .*\(verity-data-size\); the file was cut off/,
      ],
      [3, /Cannot trust ".*good\.mr\.verity": .*\(verity-digest\)/],
    ];
    results.forEach(({ code, stderr }, index) => {
      const [wanted, message] = expected[index];
      assert.equal(code, wanted, stderr);
      assert.match(stderr, message);
    });
  },
);

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
