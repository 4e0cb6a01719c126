import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { COMMANDS } from "../commands.ts";
import { COMMON_OPTIONS } from "../program/command.ts";
import { completeLines, withoutShell } from "../testing/complete_lines.ts";
import { runAllBad, runAllGood } from "../testing/run_program.ts";
import { ScratchDirectory } from "../testing/scratch_directory.ts";
import { completionTable } from "./completion_table.ts";

const NAMES = Object.keys(COMMANDS);
const COMMON = Object.keys(COMMON_OPTIONS).map((it) => `--${it}`);
/** Names of files; one needs quoting. */
const FILES = ["image one", "image.two"];

/** A line, and the words that complete its last one. */
type Completion = readonly [line: string, words: readonly string[]];

/** Returns lines for every command, option and fixed value. */
async function completions(): Promise<Completion[]> {
  const lines: Completion[] = [
    ["mapped-ram ", [...NAMES, "help"]],
    ["mapped-ram inf", ["info"]],
    ["mapped-ram --", COMMON],
    ["mapped-ram help ", NAMES],
    ["mapped-ram completion ", ["bash", "zsh", "fish"]],
    ["mapped-ram completion z", ["zsh"]],
    ["mapped-ram nonsense ", []],
    ["mapped-ram read vm.mr pc.ram 0 16 --j", ["--json"]],
    ["mapped-ram info ima", FILES],
    ["mapped-ram convert vm.mr ima", FILES],
    ["mapped-ram verify -- ima", FILES],
    ["mapped-ram resume vm.mr -- -M q35 -kernel ima", FILES],
    ["mapped-ram resume vm.mr --paused --record ima", FILES],
    ["mapped-ram resume vm.mr --record=ima", FILES],
    ["mapped-ram save out.mr --block ram=ima", FILES],
    ["mapped-ram page-server vm.mr --listen unix:so", ["sockets"]],
  ];
  for (const [command, { load }] of Object.entries(COMMANDS)) {
    const { options } = await load();
    const names = Object.keys(options).map((it) => `--${it}`);
    lines.push([`mapped-ram ${command} --`, [...names, ...COMMON]]);
    for (const [name, { values, suggests, value }] of Object.entries(options)) {
      const option = `mapped-ram ${command} --${name}`;
      const words = values ?? suggests;
      if (words !== undefined) {
        lines.push([`${option} `, words]);
        lines.push([`${option}=`, words]);
        // Not those of the option before.
        lines.push([`${option} ${words[0]} --jso`, ["--json"]]);
      } else if (value === "N") lines.push([`${option} `, []]);
    }
  }
  return lines;
}

/** Returns the words that a shell inserted, without what all begin with. */
function inserted(shell: string, line: string, text: string): string[] {
  // What is typed stays; only zsh repeats the start of a word.
  const start = line.slice(
    0,
    1 + Math.max(
      ...[" ", "=", ":"].map((it) => line.lastIndexOf(it)),
    ),
  );
  assert.ok(text.startsWith(start), `${line}: ${text}`);
  const repeated = start.slice(start.lastIndexOf(" ") + 1);
  const space = shell === "fish" ? "image one" : "image\\ one";
  return text.slice(start.length).trim().replaceAll(space, "image_one")
    .split(/ +/).filter((it) => it !== "" && !/^-\w$/.test(it))
    .map((it) => it.startsWith(repeated) ? it.slice(repeated.length) : it)
    .map((it) => it.replace(/[=\/]$/, "").replace("image_one", "image one"));
}

for (const shell of ["bash", "zsh", "fish"]) {
  test(
    `${shell} completes commands, options, values and paths`,
    { timeout: 300_000, skip: withoutShell(shell) },
    async () => {
      using scratch = new ScratchDirectory();
      const [script] = await runAllGood([["completion", shell]]);
      const file = scratch.write(`.script.${shell}`, script);
      for (const it of FILES) scratch.write(it, "");
      mkdirSync(scratch.file("sockets"));
      const cases = await completions();
      assert.ok(cases.length > 80, `${cases.length}`);
      const lines = cases.map(([line]) => line);
      const texts = completeLines(shell, file, { lines, folder: scratch.path });
      for (const [index, [line, expected]] of cases.entries()) {
        const found = inserted(shell, line, texts[index]);
        assert.deepEqual(found.sort(), [...expected].sort(), line);
      }
    },
  );
}

test("completion refuses other shells, and knows typos", async () => {
  await runAllBad([
    [["completion"], 2, /Cannot start without SHELL \(see completion --help\)/],
    [["completion", "csh"], 2, /"csh".*: expected bash, zsh or fish/],
    [["completion", "fihs"], 2, /"fihs" \(did you mean "fish"\?\): expected/],
    [["completion", "bash", "zsh"], 2, /Cannot use "zsh": expected SHELL/],
  ]);
});

test("completionTable() completes paths where the help names a file", async () => {
  const paths = new Set<string>();
  for (const { options, operands } of await completionTable(COMMANDS)) {
    for (const { name, value, completed } of options) {
      if (completed === "path") paths.add(`--${name} ${value}`);
    }
    for (const { name, completed } of operands) {
      if (completed === "path") paths.add(name);
    }
  }
  assert.deepEqual([...paths].sort(), [
    "--allow-backing PLACE",
    "--backing BASE",
    "--block IDSTR=IMAGE",
    "--device-state SNAPSHOT",
    "--listen ADDRESS",
    "--listen unix:PATH",
    "--out OUT",
    "--qmp ADDRESS",
    "--record PROFILE",
    "--replay PROFILE",
    "--to ADDRESS",
    "--verity PATH",
    "--verity PLACE",
    ...["--verity-a PLACE", "--verity-b PLACE", "A", "B"],
    ...["BASE", "FILE", "IN", "NEW", "OUT", "OUTDIR"],
  ]);
});
