import { RULES, type RuleSlug } from "../../mod.ts";
import {
  listPackedVectors,
  listVectors,
  listVerityVectors,
} from "../vectors/list_vectors.ts";
import { formatTable } from "./format_table.ts";

/**
 * Makes the table of rules: the section of SPEC.md, and the number of vectors.
 */
export function rulesTable(): string {
  const vectors = [
    ...listVectors(),
    ...listVerityVectors(),
    ...listPackedVectors(),
  ];
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
