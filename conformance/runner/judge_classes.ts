import type { ConformanceClass } from "../vectors/conformance_class.ts";
import type { Expected } from "../vectors/list_vectors.ts";
import { isJsonObject } from "./differences.ts";
import { judgeAnswer, type State, type Verdict } from "./judge_answer.ts";

/** The members of `expected.json` that readers of a class report. */
const MEMBERS: Readonly<Record<ConformanceClass, readonly (keyof Expected)[]>> =
  {
    "core": [],
    "verifier": ["findings"],
    "foreign-bitmaps": [],
    "libvirt": ["libvirt"],
    "fixed-ram": [],
    "dirty-bitmaps": ["dirtyBitmaps", "dirtyBitmapsError"],
    "sequential": ["sequential", "sequentialError"],
    "profile": ["profile", "profileError"],
    "verified": ["verity", "verityError"],
    "packed": ["packed", "packedError"],
  };
const CORE: readonly (keyof Expected)[] = [
  ...[
    "rules",
    "options",
    "machine",
    "capabilities",
    "blocks",
    "error",
  ] as const,
];

/** The outcome of a vector for each class that it belongs to. */
export type ClassStates = Readonly<Partial<Record<ConformanceClass, State>>>;

/** Judges an answer by what the readers of each class report. */
export function judgeClasses(
  answer: unknown,
  expected: Expected,
  { classes, adjust = (it) => it }: {
    readonly classes: readonly ConformanceClass[];
    /** Changes each verdict, as the option `--strict` does. */
    readonly adjust?: (verdict: Verdict) => Verdict;
  },
): ClassStates {
  return Object.fromEntries(classes.map((name) => [
    name,
    adjust(judgeClass(answer, expected, name)).state,
  ]));
}

function judgeClass(
  answer: unknown,
  expected: Expected,
  name: ConformanceClass,
): Verdict {
  const members = [...CORE, ...MEMBERS[name]];
  const part = Object.fromEntries(
    Object.entries(expected).filter(([member]) =>
      members.includes(member as keyof Expected)
    ),
  ) as Expected;
  const verdict = judgeAnswer(answer, part);
  const isSilent = name === "verifier" && expected.findings !== undefined &&
    isJsonObject(answer) && answer.findings === undefined;
  return isSilent && verdict.state === "pass"
    ? {
      state: "not supported",
      reasons: ["not reported: findings"],
      remarks: [],
    }
    : verdict;
}
