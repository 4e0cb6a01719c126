import {
  CLASS_NAMES,
  type ConformanceClass,
} from "../vectors/conformance_class.ts";
import type { State, Verdict } from "./judge_answer.ts";
import type { ClassStates } from "./judge_classes.ts";

/** The result of one vector, or of one save. */
export interface CaseResult extends Verdict {
  readonly name: string;
  readonly rules: readonly string[];
  readonly seconds: number;
  /** Its outcome for each class that it belongs to. */
  readonly classes: ClassStates;
}

/** Number of cases per outcome. */
export type Counts = Readonly<Record<State, number>>;

/** All results of a program. */
export interface SuiteReport {
  readonly suite: string;
  /** Whether all cases were run. */
  readonly isComplete: boolean;
  /** What the program does: it reads, saves, or writes sidecars. */
  readonly task: "read" | "save" | "seal";
  readonly program: readonly string[];
  readonly seconds: number;
  readonly counts: Counts;
  /**
   * Results of each rule of SPEC.md that has a case, in the order of SPEC.md.
   */
  readonly rules: readonly RuleResult[];
  /** Results of each class that has a case, in the order of SPEC.md. */
  readonly classes: readonly ClassResult[];
  readonly cases: readonly CaseResult[];
}

/** The results of the cases of one rule. */
export interface RuleResult {
  readonly rule: string;
  readonly counts: Counts;
}

/** The results of the cases of one class. */
export interface ClassResult {
  readonly name: ConformanceClass;
  readonly counts: Counts;
}

/** Counts results by rule; a case of several rules counts for each of them. */
export function makeReport(
  cases: readonly CaseResult[],
  about:
    & Pick<
      SuiteReport,
      "suite" | "isComplete" | "task" | "program" | "seconds"
    >
    & {
      /** All rules, in the order of the report. */
      readonly order: readonly string[];
    },
): SuiteReport {
  const { order, ...head } = about;
  const covered = new Set(cases.flatMap((it) => it.rules));
  const rules = [...order, ...covered].filter((rule, index, all) =>
    covered.has(rule) && all.indexOf(rule) === index
  );
  return {
    ...head,
    counts: count(cases),
    rules: rules.map((rule) => ({
      rule,
      counts: count(cases.filter((it) => it.rules.includes(rule))),
    })),
    classes: countClasses(cases),
    cases,
  };
}

function countClasses(cases: readonly CaseResult[]): ClassResult[] {
  return (Object.keys(CLASS_NAMES) as ConformanceClass[])
    .map((name) => {
      const states = cases.map(({ classes }) => classes[name])
        .filter((it) => it !== undefined);
      return { name, counts: count(states.map((state) => ({ state }))) };
    })
    .filter(({ counts }) => Object.values(counts).some((it) => it > 0));
}

function count(cases: readonly Pick<Verdict, "state">[]): Counts {
  const counts = { "pass": 0, "fail": 0, "not supported": 0 };
  for (const { state } of cases) counts[state]++;
  return counts;
}
