import { RULES, type RuleSlug } from "../../mod.ts";
import { listVectors } from "../vectors/list_vectors.ts";
import { formatTable } from "./format_table.ts";

/** Every rule, where SPEC.md states it, and how many vectors prove it. */
export function rulesTable(): string {
  const vectors = listVectors();
  const rows = (Object.keys(RULES) as RuleSlug[]).map((rule) => {
    const { kind, section } = RULES[rule];
    const proving = vectors.filter(({ expected }) =>
      expected.rules.includes(rule)
    );
    const broken = proving.filter(({ path }) =>
      path.startsWith(`invalid/${rule}/`)
    );
    return [
      `\`${rule}\``,
      kind,
      section,
      String(proving.length),
      String(broken.length),
    ];
  });
  return formatTable(["rule", "kind", "section", "vectors", "break it"], rows);
}
