import { readFileSync } from "node:fs";
import { RULES, type RuleSlug } from "../../mod.ts";

/** The file that lists the rules for programs. */
export const RULES_JSON = new URL("../rules.json", import.meta.url);

const SPEC = new URL("../../SPEC.md", import.meta.url);
const FIELD = "first byte of the field that breaks the rule";

/** What a refusal by a rule may be; SPEC.md 10.3 defines the kinds. */
export type ErrorKind = "format" | "unsupported" | "integrity";

/** A rule as the file lists it. */
export interface ListedRule {
  readonly slug: string;
  readonly kind: string;
  readonly section: string;
  /** The class of SPEC.md 10.1 whose programs it binds. */
  readonly class: string;
  readonly text: string;
  /** Absent unless readers refuse a file that breaks the rule. */
  readonly error?: {
    /** What the error may be. */
    readonly kinds: readonly ErrorKind[];
    /** Where it is; with several cases, one for each. */
    readonly positions: readonly string[];
  };
}

/** Returns the rules, with the errors that section 10.3 of SPEC.md gives. */
export function listRules(): ListedRule[] {
  const text = errorSection();
  const others =
    /^Unsupported are: ([^]*?)\. Integrity are:([^]*?)\. All others/m
      .exec(text);
  const [, unsupported = "", integrity = ""] = others ?? [];
  const kindsOf = (slug: RuleSlug): readonly ErrorKind[] => {
    if (integrity.includes(`\`${slug}\``)) return ["integrity"];
    const isUnsupported = unsupported.includes(`\`${slug}\``);
    return isUnsupported ? ["format", "unsupported"] : ["format"];
  };
  const rows = [...text.matchAll(/^\| (`[^|]*?) *\| ([^|]*?) *\|$/gm)];
  return (Object.keys(RULES) as RuleSlug[]).map((slug) => {
    const { kind, section, part, text } = RULES[slug];
    const rule = { slug, kind, section, class: part, text };
    if (kind !== "refuse") return rule;
    const positions = rows.filter(([, rules]) => rules.includes(`\`${slug}\``))
      .map(([, rules, position]) => `${caseOf(rules)}${position}`);
    return {
      ...rule,
      error: {
        kinds: kindsOf(slug),
        positions: positions.length === 0 ? [FIELD] : positions,
      },
    };
  });
}

/** Returns the text of the file. */
export function rulesJson(): string {
  return JSON.stringify(listRules(), null, 2) + "\n";
}

/** Returns the case that a row of the table adds to the name of its rule. */
function caseOf(rules: string): string {
  const found = /`, ([^`]+)$/.exec(rules)?.[1];
  return found === undefined ? "" : `${found}: `;
}

function errorSection(): string {
  const spec = readFileSync(SPEC, "utf8");
  const start = spec.indexOf("\n### 10.3 ");
  return spec.slice(start, spec.indexOf("\n### ", start + 1));
}
