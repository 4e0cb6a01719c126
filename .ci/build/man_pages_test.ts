import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { env } from "node:process";
import { test } from "node:test";
import { COMMANDS, EXIT_CODES } from "../../reference/cli/mod.ts";
import { manPages } from "./man_pages.ts";
import { NAME } from "./project.ts";

const PAGES = await manPages({ date: "2026-01-31" });

const GROFF = ["groff", "-man", "-ww", "-Tutf8", "-rLL=80n", "-P-cbou"];

/** Skips a test without a program, unless it is required. */
function needs(program: string) {
  const isThere = spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
  const isRequired = env.MAPPED_RAM_REQUIRE_MAN === "1";
  return { skip: isThere || isRequired ? false : `there is no ${program}` };
}

/** Runs a formatter, which must print no warning. */
function format(line: readonly string[], page: string): string {
  const [program, ...args] = line;
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    input: page,
  });
  assert.equal(stderr, "", line.join(" "));
  assert.equal(status, 0);
  return stdout;
}

function words(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

test("mandoc finds nothing to improve in a page", needs("mandoc"), () => {
  for (const [name, page] of PAGES) {
    assert.equal(format(["mandoc", "-Tlint", "-Wall"], page), "", name);
  }
});

for (const line of [GROFF, ["mandoc", "-Tutf8", "-Owidth=80"]]) {
  test(`${line[0]} shows all that the help says`, needs(line[0]), async () => {
    for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
      const { usage, about, operands, options, notes, examples } = await load();
      const page = PAGES.get(`${NAME}-${name}.1`) ?? "";
      // mandoc overstrikes.
      const shown = format(line, page).replaceAll(/.[\b]/g, "");
      const all = words(shown);
      const texts = [
        ...[`${NAME}-${name} - ${summary}`, ...usage, ...about.split("\n\n")],
        ...Object.entries(operands ?? {}).flat(),
        ...Object.entries(options).flatMap(([it, { text }]) => [
          ...[`--${it}`, text],
        ]),
        ...notes === undefined ? [] : [notes],
        ...Object.entries(EXIT_CODES).map((it) => it.join(" ")),
      ];
      for (const it of texts) {
        assert.ok(all.includes(words(it)), `${name}: ${it}`);
      }
      for (const it of examples) {
        for (const part of it.split("\n")) assert.ok(shown.includes(part), it);
      }
    }
  });
}

test("there is a page for each command, and one for the program", () => {
  const names = Object.keys(COMMANDS).map((it) => `${NAME}-${it}.1`);
  assert.deepEqual([...PAGES.keys()], [`${NAME}.1`, ...names]);
  for (const name of names) {
    const link = name.replaceAll("-", "\\-").replace(/\.1$/, "\\fR(1)");
    assert.ok(PAGES.get(`${NAME}.1`)?.includes(link), name);
  }
});

test("a page has the date of the release, and none before that", async () => {
  const pages = await manPages({ date: undefined });
  for (const [name, page] of pages) {
    assert.match(page, /^\.TH \S+ 1 "" "mapped-ram \d+\.\d+\.\d+" /);
    assert.equal(page.replace('1 ""', '1 "2026-01-31"'), PAGES.get(name));
  }
});
