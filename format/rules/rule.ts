/**
 * The kind of a rule: the program that it binds, and how.
 *
 * - `refuse`: a reader MUST refuse a file that breaks it.
 * - `accept`: a reader MUST accept what it describes, and read it as
 *   described.
 * - `write`: a writer MUST obey it; a reader accepts a file that breaks it,
 *   and a verifier reports that as a warning.
 * - `interop`: a writer whose files QEMU is to load MUST obey it; readers and
 *   verifiers ignore it.
 */
export type RuleKind = "refuse" | "accept" | "write" | "interop";

const PARTS: Readonly<Record<string, Rule["part"]>> = {
  "11.1": "libvirt",
  "11.2": "fixed-ram",
  "11.3": "dirty-bitmaps",
  "11.4": "sequential",
  "12.2": "profile",
  "12.4": "profile",
  "14.2": "verified",
  "14.3": "verified",
  "14.4": "verified",
  "14.5": "verified",
  "14.6": "verified",
  "15.2": "packed",
  "15.3": "packed",
  "15.4": "packed",
};

/** One normative rule of SPEC.md. */
export interface Rule {
  /** The program that the rule binds, and how. */
  readonly kind: RuleKind;
  /** The number of the section of SPEC.md that states it. */
  readonly section: string;
  /** The part of SPEC.md that it belongs to; a reader may omit all but the core. */
  readonly part:
    | "core"
    | "libvirt"
    | "fixed-ram"
    | "dirty-bitmaps"
    | "sequential"
    | "profile"
    | "verified"
    | "packed";
  /** The rule in one sentence. */
  readonly text: string;
}

/** Makes a rule of kind `refuse`. */
export function refuse(section: string, text: string): Rule {
  return rule("refuse", section, text);
}

/** Makes a rule of kind `accept`. */
export function accept(section: string, text: string): Rule {
  return rule("accept", section, text);
}

/** Makes a rule of kind `write`. */
export function write(section: string, text: string): Rule {
  return rule("write", section, text);
}

/** Makes a rule of kind `interop`. */
export function interop(section: string, text: string): Rule {
  return rule("interop", section, text);
}

function rule(kind: RuleKind, section: string, text: string): Rule {
  return { kind, section, part: PARTS[section] ?? "core", text };
}
