import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS } from "../commands.ts";
import { listed } from "./did_you_mean.ts";
import { parse } from "./command.ts";
import type { Option } from "./option.ts";
import { UsageError } from "./usage_error.ts";

/** Calls `body` with each option of each command. */
async function forEachOption(
  body: (name: string, option: Option, command: string) => void,
): Promise<void> {
  for (const [command, { load }] of Object.entries(COMMANDS)) {
    const { options } = await load();
    for (const [name, option] of Object.entries(options)) {
      body(name, option, command);
    }
  }
}

/** Returns a word with two letters swapped, or without its second one. */
function mistyped(word: string): string[] {
  const [first, second, ...rest] = word;
  return [second + first + rest.join(""), first + rest.join("")]
    .filter((it) => it !== word);
}

test("parse() knows an option with swapped or missing letters, or one dash", async () => {
  const { options } = await COMMANDS.info.load();
  const refuse = (word: string, meant: string) =>
    assert.throws(
      () => parse(["f", word], options),
      new UsageError(
        `Cannot use ${
          JSON.stringify(word)
        } (did you mean "${meant}"?): there ` +
          "is no such option",
      ),
    );
  for (const name of Object.keys(options)) {
    for (const it of mistyped(name)) refuse(`--${it}`, `--${name}`);
    for (const dash of ["-", "\u2013", "\u2014"]) {
      refuse(`${dash}${name}`, `--${name}`);
    }
    refuse(`--${name.toUpperCase()}`, `--${name}`);
  }
  refuse("--dev", "--devices");
  refuse("--word-size", "--bitmap-word-size");
  refuse("-hlep", "--help");
});

test("parse() takes a file whose name starts with a dash after --", () => {
  const { positionals } = parse(["--", "\u2014x", "-x"], {});
  assert.deepEqual(positionals, ["\u2014x", "-x"]);
});

test("parse() refuses other values than an option has, and knows typos", async () => {
  let count = 0;
  await forEachOption((name, option, command) => {
    const { values } = option;
    if (values === undefined) return;
    const refuse = (value: string, hint: RegExp) =>
      assert.throws(
        () => parse([`--${name}=${value}`], { [name]: option }),
        ({ message }: Error) =>
          message.startsWith(`Cannot use "${value}" as --${name}`) &&
          message.endsWith(`: expected ${listed(values)}`) &&
          hint.test(message),
        `${command} --${name}`,
      );
    refuse("nonsense", /--[-\w]+: /);
    for (const value of values) {
      const parsed = parse([`--${name}`, value], { [name]: option });
      assert.equal(parsed.values[name], value);
      if (value.length < 3) continue;
      for (const it of mistyped(value)) {
        if (!values.includes(it)) refuse(it, /\(did you mean "\w/);
      }
    }
    count++;
  });
  assert.ok(count > 20, `${count}`);
});

test("an option has a text, and a value unless it is a switch", async () => {
  await forEachOption((name, { type, text, value, values }, command) => {
    const where = `${command} --${name}`;
    assert.match(text, /^[^\s.][^\n]*[^\s.]$/, where);
    const isValued = value !== undefined || values !== undefined;
    assert.equal(type === "string", isValued, where);
  });
});

/** Values that are narrower kinds of another. */
const NARROWER: Readonly<Record<string, string>> = {
  "IDSTR=IMAGE": "IDSTR",
  "raw": "FORMAT",
  "unix:PATH": "ADDRESS",
  "PATH": "PLACE",
};

test("an option of one name takes the same in every command", async () => {
  const seen = new Map<string, string>();
  await forEachOption((name, { value, values }, command) => {
    // What follows it tells a place from a format.
    if (name === "to") return;
    const shown = value ?? values?.join("|") ?? "";
    const found = NARROWER[shown] ?? shown;
    assert.equal(found, seen.get(name) ?? found, `${command} --${name}`);
    seen.set(name, found);
  });
});
