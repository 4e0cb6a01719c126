import { readFileSync } from "node:fs";
import { qemuTable } from "./qemu_table.ts";
import { rulesTable } from "./rules_table.ts";

/** The file that contains the tables. */
export const README = new URL("../README.md", import.meta.url);

/** The tables, by the name in the comments around them. */
const TABLES: Readonly<Record<string, () => string>> = {
  rules: rulesTable,
  qemu: qemuTable,
};

/** Returns the README with up-to-date tables. */
export function withTables(text = readFileSync(README, "utf8")): string {
  return Object.entries(TABLES).reduce((all, [name, make]) => {
    const start =
      `<!-- ${name}: made by conformance/tables/write_tables.ts -->`;
    const end = `<!-- end of ${name} -->`;
    const from = all.indexOf(start), to = all.indexOf(end);
    if (from < 0 || to < from) {
      throw new Error(`Cannot update table ${name}: no ${start} and ${end}`);
    }
    const head = all.slice(0, from + start.length);
    return `${head}\n\n${make()}\n\n${all.slice(to)}`;
  }, text);
}
