import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { SPEC_VERSION } from "../../format/stream/mod.ts";
import { COMMANDS } from "./commands.ts";
import { PROGRAM_VARIABLE } from "./program/program_name.ts";
import { VERSION } from "./program/version.ts";
import {
  ON_DENO,
  PATIENT,
  run,
  runAllBad,
  runAllGood,
  runBad,
  runGood,
} from "./testing/run_program.ts";
import { ScratchDirectory } from "./testing/scratch_directory.ts";

const NAMES = Object.keys(COMMANDS);
/** The list of commands in messages. */
const LIST = `${NAMES.slice(0, -1).join(", ")} or ${NAMES.at(-1)}`;

test("main() prints help and version", PATIENT, async () => {
  const [help, version] = await Promise.all([
    runGood(["--help"]),
    runGood(["--version"]),
  ]);
  for (const name of NAMES) assert.match(help.stdout, RegExp(`  ${name} `));
  const again = await runAllGood([
    ...[["help"], ["-h"], ["help", "help"], ["help", "--help"]],
    ...[["-V"], ["info", "-V"]],
  ]);
  assert.deepEqual(again, [
    ...[help.stdout, help.stdout, help.stdout, help.stdout],
    ...[version.stdout, version.stdout],
  ]);
  assert.match(help.stdout, /Example:\n {2}deno task save/);
  const expected = `mapped-ram ${VERSION} (SPEC.md ${SPEC_VERSION})\n`;
  assert.equal(version.stdout, expected);
});

test("VERSION is the version of the package", () => {
  const path = new URL("../../deno.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(VERSION, version);
});

test(
  "every command has a --help with usage, options and an example",
  PATIENT,
  async () => {
    const helps = await runAllGood(
      NAMES.map((name) => [name, "--help", "--no-such-option"]),
    );
    for (const ask of ["help", "-h", "--help"]) {
      const lines = NAMES.map((name) => [ask, name]);
      assert.deepEqual(await runAllGood(lines), helps, ask);
    }
    const short = await runAllGood(NAMES.map((name) => [name, "-h"]));
    assert.deepEqual(short, helps);
    NAMES.forEach((name, index) => {
      const stdout = helps[index];
      assert.match(stdout, RegExp(`^Usage: deno task ${name} `));
      // A script is no JSON.
      if (name !== "completion") {
        assert.match(stdout, /\n {2}--json {2,}print JSON[,\n]/);
      }
      assert.match(stdout, RegExp(`Examples?:(.|\n)*deno task ${name} `));
      for (const line of stdout.split("\n")) assert(line.length <= 80, line);
    });
  },
);

test("main() names the program as it was started", PATIENT, async () => {
  using scratch = new ScratchDirectory();
  const junk = scratch.write("junk", new Uint8Array(8192).fill(0x6b));
  const name = ON_DENO
    ? "mapped-ram"
    : `${basename(process.execPath, ".exe")} \\S*main\\.[jt]s`;
  const options = { env: { [PROGRAM_VARIABLE]: "" } };
  for (const args of [["--help"], ["info", "--help"], ["help", "info"]]) {
    const { stdout } = await runGood(args, options);
    assert.match(stdout, RegExp(`Usage: ${name} `));
    assert.doesNotMatch(stdout, /deno task/);
  }
  await runBad(["info", junk], 1, RegExp(`: ${name} convert `), options);
});

test(
  "main() refuses a wrong command line with exit code 2",
  PATIENT,
  async () => {
    await runAllBad([
      [["info", "no\nsuch\x1b[31mfile"], 1, /no\\nsuch/],
      [
        [],
        2,
        RegExp(`without a command: expected ${LIST} \\(see --help\\)`),
      ],
      [
        ["saev"],
        2,
        /Cannot run "saev" .*: expected .*\bsave\b.* \(see --help\)/,
      ],
      [["saev"], 2, /Cannot run "saev" \(did you mean "save"\?\): expected/],
      [["help", "inof"], 2, /Cannot run "inof" \(did you mean "info"\?\): /],
      [["help", "info", "read"], 2, /Cannot use "read": expected help COMMAND/],
      [["version"], 2, /Cannot run "version" \(did you mean "--version"\?\)/],
      [["hlep"], 2, /Cannot run "hlep" \(did you mean "help"\?\)/],
      [
        ["--jsno", "info"],
        2,
        /Cannot use "--jsno" before a command: expected save, /,
      ],
      [["-help"], 2, /"-help" \(did you mean "--help"\?\) before a command: /],
      [["-v"], 2, /"-v" \(did you mean "-V"\?\) before a command: /],
      [["info", "f", "-H"], 2, /"-H" \(did you mean "-h"\?\): there is no/],
      [["info", "f", "-json"], 2, /"-json" \(did you mean "--json"\?\)/],
      [["resume", "f", "--via", "mpa"], 2, /"mpa" .* \(did you mean "map"\?\)/],
      [["toString"], 2, /Cannot run "toString"/],
      [["info"], 2, /without FILE \(see info --help\)/],
      [["read", "f", "ram"], 2, /without OFFSET LENGTH: expected FILE/],
      [["info", "f", "f"], 2, /Cannot use "f": expected FILE/],
      [["info", "f", "--map", "--map"], 2, /Cannot use --map twice/],
      [
        ["info", "f", "--maps"],
        2,
        /"--maps" \(did you mean "--map"\?\): there is no such option/,
      ],
      [["info", "f", "-m"], 2, /"-m": there is no such option/],
      [["info", "f", "--offset"], 2, /--offset: its value is missing/],
      [["info", "f", "--offset", "--map"], 2, /with "--map", which is an/],
      [["info", "f", "--map=yes"], 2, /--map="yes": it takes no value/],
      [["info", "f", "--offset", "x"], 2, /"x" as --offset: expected a nu/],
      [["info", "f", "--offset", "99999T"], 2, /at most 2\^53 - 1/],
      [
        ["info", "f", "--bitmap-byte-order", "middle"],
        2,
        /"middle" as --bitmap-byte-order: expected little or big/,
      ],
      [["info", "f", "--bitmap-word-size", "5"], 2, /expected 4 or 8/],
    ]);
  },
);

test(
  "main() takes an argument after -- as a file even if it looks like an option",
  PATIENT,
  async () => {
    const { code, stderr } = await run(["info", "--", "--help"]);
    assert.equal(code, 1);
    assert.match(stderr, /^error: Cannot open "--help": no such file/);
  },
);
