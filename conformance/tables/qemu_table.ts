import { readFileSync } from "node:fs";
import { RULES } from "../../mod.ts";
import { TRIALS, type Trials } from "../proving/qemu/trials.ts";
import { listVectors } from "../vectors/list_vectors.ts";
import { formatTable } from "./format_table.ts";

interface Row {
  readonly path: string;
  readonly outcome: string;
  readonly detail?: string;
}

/**
 * Makes the table of QEMU's behaviour: refused vectors by rule, then all
 * others.
 */
export function qemuTable(): string {
  const { version, trials } = JSON.parse(
    readFileSync(TRIALS, "utf8"),
  ) as Trials;
  const refused = new Map(
    listVectors().flatMap(({ path, expected }) => {
      const { sequential, sequentialError, error } = expected;
      const broken = sequentialError ?? error;
      return sequential !== undefined || broken === undefined
        ? []
        : [[path, broken.rule]];
    }),
  );
  const bad = trials.filter(({ path }) => refused.has(path));
  const good = trials.filter(({ path }) => !refused.has(path));
  return [
    `What QEMU ${version} does with the ${bad.length} vectors that a reader ` +
    "refuses, by the rule that they break; for a sequential stream, the rule by " +
    "which a reader of those refuses it. Cases that QEMU does not refuse are named:",
    "",
    formatTable(
      ["rule", "refuses", "loads", "crashes or hangs", "not tried"],
      badRows(bad, refused),
    ),
    "",
    `And with the ${good.length} that a reader accepts. If it loads a file, ` +
    "its memory is compared with `sha256`. Sequential streams are loaded " +
    "without mapped-ram, libvirt images from the start of their stream, " +
    "fixed-ram files as if they were mapped-ram:",
    "",
    formatTable(["QEMU", "vectors", "which"], goodRows(good)),
  ].join("\n");
}

function badRows(
  trials: readonly Row[],
  rules: ReadonlyMap<string, string>,
): string[][] {
  const byRule = Map.groupBy(trials, ({ path }) => rules.get(path) ?? "");
  return Object.keys(RULES).filter((it) => byRule.has(it)).map((rule) => {
    const of = (...outcomes: string[]) =>
      (byRule.get(rule) ?? []).filter((it) => outcomes.includes(it.outcome));
    return [
      `\`${rule}\``,
      countOf(of("refuses")),
      namesOf(of("loads", "loads other memory")),
      namesOf(of("crashes", "hangs")),
      countOf(of("not tried")),
    ];
  });
}

function goodRows(trials: readonly Row[]): string[][] {
  const kinds = Map.groupBy(
    trials,
    ({ outcome, detail }) =>
      detail === undefined ? outcome : `${outcome}: ${detail}`,
  );
  return [...kinds].toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([kind, rows]) => [
      kind.replaceAll("|", "\\|"),
      String(rows.length),
      rows.length > 12 ? "" : namesOf(rows),
    ]);
}

function countOf(rows: readonly Row[]): string {
  return rows.length === 0 ? "" : String(rows.length);
}

function namesOf(rows: readonly Row[]): string {
  return rows.map(({ path }) => path.split("/").at(-1)).join(", ");
}
