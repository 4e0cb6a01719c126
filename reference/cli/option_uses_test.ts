import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { saveSnapshot } from "../saving/mod.ts";
import { memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { COMMANDS } from "./commands.ts";
import { UsageError } from "./program/usage_error.ts";
import { PATIENT, runAll } from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";
import { fixtureStream, packedImage } from "./testing/sequential_fixture.ts";

/** A valid value of each option that does not accept every value. */
const VALUES: Readonly<Record<string, string>> = {
  offset: "0",
  "bitmap-byte-order": "little",
  "bitmap-word-size": "8",
  arch: "x86_64",
  machine: "none",
  memory: "4K",
  range: "0=x+4K",
  "page-size": "4K",
  "target-page-bits": "12",
  jobs: "1",
  from: "raw",
  to: "unix:/x",
  qmp: "unix:/x",
  via: "postcopy",
  metrics: "9100",
  listen: "unix:/x",
  "retry-for": "1",
  "fault-around": "4K",
  "max-bandwidth": "1M",
  "dirty-rate": "1M",
  "downtime-limit": "1",
  against: "-M none",
  capability: "multifd",
  block: "x=y",
  backing: "base.mr",
  level: "1",
  "cluster-size": "64K",
  check: `sha256:${"0".repeat(64)}`,
  digest: `sha256:${"0".repeat(64)}`,
  "block-digest": `x=sha256:${"0".repeat(64)}`,
};

/** Returns the arguments of a way of using a command, in a folder of files. */
type Arguments = (file: (name: string) => string) => readonly string[];

const QEMU = ["--", "-M", "none"];

/** Arguments for every way of every command that has several. */
const WAYS: Readonly<Record<string, Arguments>> = {
  "info without --devices and --against": (file) => [file("mapped-ram")],
  "info with --devices": (file) => [file("mapped-ram"), "--devices"],
  "info with --against": (file) => [
    ...[file("mapped-ram"), "--against", "-M none"],
  ],
  "save without OUT, and without --live": () => [],
  "save without OUT, with --live": () => ["--live"],
  "save with OUT, without --device-state": (file) => [
    ...[file("out"), "--block", `x=${file("raw")}`],
  ],
  "save with OUT, and with --device-state, which determines it": (file) => [
    ...[file("out"), "--device-state", file("mapped-ram")],
  ],
  "diff without --json": (file) => [file("mapped-ram"), file("mapped-ram")],
  "diff with --json": (file) => [
    ...[file("mapped-ram"), file("mapped-ram"), "--json"],
  ],
  "seal without --check": (file) => [file("raw")],
  "seal with --check": (file) => [
    ...[file("raw"), "--check", `sha256:${"0".repeat(64)}`],
  ],
  "resume by --via map": (file) => [file("mapped-ram"), "--via", "map"],
  "resume by --via map with --out": (file) => [
    ...[file("mapped-ram"), "--via", "map", "--out", file("out")],
  ],
  "resume without --via map": (file) => [file("mapped-ram")],
  "page-server with --flat": (file) => [
    ...[file("raw"), "--flat", "--listen", `unix:${file("socket")}`],
  ],
  "page-server without --flat": (file) => [
    ...[file("mapped-ram"), "--listen", `unix:${file("socket")}`],
  ],
};

/**
 * Returns the arguments of a way; those of a conversion follow from its name.
 */
function argumentsOf(
  command: string,
  way: string,
  file: (name: string) => string,
): readonly string[] {
  const [, from, to] = /^from (\S+) to (\S+)$/.exec(way) ?? [];
  if (from !== undefined && to !== undefined) {
    return [
      ...[file(from), file(`out${to === "images" ? "/" : ""}`)],
      ...["--from", from, "--to", to],
    ];
  }
  const found = WAYS[`${command} ${way}`];
  assert.ok(found, `${command} ${way} has no arguments here`);
  return found(file);
}

/** Writes a file of each format that `convert` reads. */
async function writeFiles(scratch: ScratchDirectory): Promise<void> {
  // Scattered pages, which another bitmap order would move.
  const ram = new Uint8Array(3 * 2 ** 20).fill(7, 0x1000, 0x2000);
  const blocks = { "pc.ram": ram.fill(8, 0x102000, 0x103000), "vga.vram": ram };
  const sink = memorySink();
  await saveSnapshot(
    sink,
    Object.entries(blocks).map(([idstr, bytes]) => ({
      idstr,
      source: memorySource(bytes),
    })),
    { machine: "pc-i440fx-10.0" },
  );
  const snapshot = scratch.write("mapped-ram", sink.bytes());
  const stream = await fixtureStream();
  scratch.write("sequential", stream);
  scratch.write("packed", packedImage(stream));
  scratch.write("raw", new Uint8Array(8192).fill(7));
  const results = await runAll(
    ["elf", "lime"].map((
      to,
    ) => ["convert", snapshot, scratch.file(to), "--to", to]),
  );
  for (const { code, stderr } of results) assert.equal(code, 0, stderr);
}

for (const [name, { load }] of Object.entries(COMMANDS)) {
  test(`${name}: every option has a way that accepts it`, async () => {
    const { options, uses = {} } = await load();
    const { ways, needs = {} } = uses;
    for (const list of [...Object.values(needs), Object.keys(needs)]) {
      for (const it of list) assert.ok(it in options, it);
    }
    if (ways === undefined) return;
    const taken = new Set(Object.values(ways).flat());
    assert.deepEqual([...taken].sort(), Object.keys(options).sort());
  });

  test(`${name} refuses, by name, each option that its way does not accept`, async () => {
    const { options, uses = {}, run } = await load();
    const { ways = {}, needs = {} } = uses;
    using scratch = new ScratchDirectory();
    await writeFiles(scratch);
    const context = { signal: AbortSignal.timeout(300_000) };
    const before = scratch.list();
    const cases: (readonly [readonly string[], string])[] = [];
    for (const [way, taken] of Object.entries(ways)) {
      const args = argumentsOf(name, way, (it) => scratch.file(it));
      for (const option of Object.keys(options)) {
        const decides = args.includes(`--${option}`) || isSwitch(name, option);
        const lacks = needs[option]?.every((it) => !args.includes(`--${it}`));
        if (decides || taken.includes(option) && !lacks) continue;
        cases.push([args, option]);
      }
    }
    for (const [args, option] of cases) {
      const value = VALUES[option] ?? "1";
      const given = options[option]?.type === "boolean"
        ? [`--${option}`]
        : [`--${option}=${value}`];
      const line = [...args, ...given, ...name === "resume" ? QEMU : []];
      await assert.rejects(
        run(line, context),
        (error: unknown) =>
          error instanceof UsageError && error.message.includes(`--${option} `),
        line.join(" "),
      );
    }
    assert.deepEqual(scratch.list(), before);
  });
}

/** Options that choose the way: another value would be another way. */
function isSwitch(command: string, option: string): boolean {
  const switches: Readonly<Record<string, readonly string[]>> = {
    info: ["devices", "against"],
    save: ["live", "device-state"],
    resume: ["via", "out"],
    "page-server": ["flat"],
    convert: ["from", "to"],
    seal: ["check"],
    diff: ["json"],
  };
  return switches[command]?.includes(option) ?? false;
}

test("save refuses an image of another format without --from raw", async () => {
  using scratch = new ScratchDirectory();
  await writeFiles(scratch);
  const context = { signal: AbortSignal.timeout(300_000) };
  const save = await COMMANDS.save.load();
  const pageServer = await COMMANDS["page-server"].load();
  const listen = ["--listen", `unix:${scratch.file("socket")}`];
  for (const name of ["mapped-ram", "sequential", "packed", "elf", "lime"]) {
    const file = scratch.file(name);
    const args = [scratch.file(`${name}.mr`), "--block", `ram=${file}`];
    const refusal = /as flat memory: it is an? .*--from raw takes it/;
    await assert.rejects(save.run(args, context), refusal, name);
    await assert.rejects(
      pageServer.run([file, "--flat", ...listen], context),
      refusal,
      name,
    );
    assert.ok(!scratch.list().includes(`${name}.mr`));
    await save.run([...args, "--from", "raw"], context);
  }
});

/** Values that change the output, or are refused. */
const OTHER_VALUES: Readonly<Record<string, string>> = {
  offset: "1",
  "bitmap-byte-order": "big",
  "page-size": "8K",
  machine: "nonsense",
  memory: "8M",
  block: "nonsense",
  range: "0=nonsense+4K",
  "leave-out": "pc.ram",
  arch: "s390x",
};

test("convert accepts no option without effect", PATIENT, async () => {
  const { uses } = await COMMANDS.convert.load();
  using scratch = new ScratchDirectory();
  await writeFiles(scratch);
  const cases = Object.entries(uses?.ways ?? {}).flatMap(([way, taken], at) =>
    [undefined, ...Object.keys(OTHER_VALUES)]
      .filter((it) => it === undefined || taken.includes(it))
      .map((option) => {
        const out = `out-${at}-${option}`;
        const args = argumentsOf(
          "convert",
          way,
          (it) => scratch.file(it.replace(/^out/, out)),
        );
        const needsArch = way === "from lime to elf" && option !== "arch";
        const more = option === undefined
          ? needsArch ? ["--arch", "x86_64"] : []
          : [`--${option}=${OTHER_VALUES[option]}`];
        const line = ["convert", ...args, ...more];
        return { line, option, out, plain: `out-${at}-undefined` };
      })
  );
  assert.ok(cases.length > 55, `${cases.length}`);
  const results = await runAll(cases.map(({ line }) => line));
  for (const [index, { line, option, out, plain }] of cases.entries()) {
    const { code, stderr } = results[index];
    if (option === undefined) {
      assert.equal(code, 0, `${line.join(" ")}: ${stderr}`);
    } else if (code === 0) {
      const [found, expected] = [out, plain].map((it) => content(scratch, it));
      assert.notEqual(found, expected, `${line.join(" ")} changes nothing`);
    }
  }
});

/** Returns the bytes of a file, or of all files of a folder. */
function content(scratch: ScratchDirectory, name: string): string {
  const path = scratch.file(name);
  const files = statSync(path).isDirectory()
    ? readdirSync(path).map((it) => `${name}/${it}`)
    : [name];
  return files.map((it) => Buffer.from(scratch.read(it)).toString("latin1"))
    .join();
}
