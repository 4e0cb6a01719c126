import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { toFormatOf } from "./convert_arguments.ts";
import { FROM_FORMATS, INPUTS, OUTPUTS, TO_FORMATS } from "./formats.ts";
import { formatsHelp } from "./formats_help.ts";

const PAGE = new URL("../../../docs/formats.md", import.meta.url);

test("docs/formats.md lists all conversions", () => {
  const rows = readFileSync(PAGE, "utf8").split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((it) => it.trim()));
  const start = rows.findIndex(([first]) => first === "in");
  const [head, , ...table] = rows.slice(start, start + 2 + FROM_FORMATS.length);
  assert.deepEqual(head, [
    "in",
    ...TO_FORMATS.map((to) => `to ${OUTPUTS[to].title}`),
  ]);
  assert.deepEqual(
    table,
    FROM_FORMATS.map((from) => [
      INPUTS[from].title,
      ...TO_FORMATS.map((to) => INPUTS[from].to[to] === undefined ? "" : "yes"),
    ]),
  );
});

test("formatsHelp() names every format and every ending", () => {
  const { IN, OUT } = formatsHelp();
  for (const { title } of Object.values(INPUTS)) assert(IN.includes(title));
  for (const { endings } of Object.values(OUTPUTS)) {
    for (const ending of endings) assert(OUT.includes(`.${ending}`), ending);
  }
});

test("toFormatOf() finds a format by each of its endings, in any case", () => {
  for (const to of TO_FORMATS) {
    for (const ending of OUTPUTS[to].endings) {
      assert.equal(toFormatOf(undefined, `a.b.${ending}`, false), to);
      assert.equal(
        toFormatOf(undefined, `x.${ending.toUpperCase()}`, false),
        to,
      );
      assert.equal(toFormatOf(undefined, ending, false), "mapped-ram");
    }
  }
});
