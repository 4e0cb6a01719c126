import { isDeepStrictEqual } from "node:util";
import type { Expected, ExpectedBlock } from "../vectors/list_vectors.ts";
import {
  differences,
  isJsonObject,
  type JsonObject,
  show,
} from "./differences.ts";

/** The outcome of one case. */
export type State = "pass" | "fail" | "not supported";

/** The judgement of a program's answer. */
export interface Verdict {
  readonly state: State;
  /** The problems, or the reason it is not supported; empty for a pass. */
  readonly reasons: readonly string[];
  /** Differences that are not errors, such as another rule or position. */
  readonly remarks: readonly string[];
}

/** A pass without remarks. */
export const PASS: Verdict = { state: "pass", reasons: [], remarks: [] };

/** Makes a verdict of failure for these reasons. */
export function fail(...reasons: string[]): Verdict {
  return { state: "fail", reasons, remarks: [] };
}

/**
 * Compares a reader's answer for a vector with its `expected.json`. For a file
 * that is read, it must contain idstr, usedLength and sha256 of each block;
 * other members are optional, but must be right.
 *
 * A refusal passes whatever rule and position it names: SPEC.md 10.2 lets a
 * reader name any of the rules that a file breaks. A difference is a remark.
 */
export function judgeAnswer(answer: unknown, expected: Expected): Verdict {
  if (!isJsonObject(answer)) {
    return fail(`the answer is ${show(answer)}, expected a JSON object`);
  }
  if (answer.notSupported !== undefined) {
    return notSupported(answer.notSupported);
  }
  const { rules: _, options: __, seal: ___, error, ...rest } = expected;
  const { machine, capabilities, blocks = [], findings, ...others } = rest;
  const isSnapshot = error !== undefined || expected.blocks !== undefined;
  if (!isSnapshot) return judgeOthers(answer, { others, verdict: PASS });
  const verdict = error === undefined
    ? judgeReading(answer, { machine, capabilities, blocks, findings })
    : judgeRefusal(answer, error);
  return verdict.state === "pass"
    ? judgeOthers(answer, { others, verdict })
    : verdict;
}

function judgeReading(
  answer: JsonObject,
  { findings, blocks, ...head }: JsonObject & {
    readonly blocks: readonly ExpectedBlock[];
  },
): Verdict {
  if (isJsonObject(answer.error) && answer.error.kind === "unsupported") {
    return notSupported(answer.error);
  }
  if (answer.error !== undefined) {
    return fail(`refused: ${show(answer.error)}, expected to be read`);
  }
  // Only a verifier reports findings.
  const reasons = compareReported(answer, { ...head, findings });
  reasons.push(...compareBlocks(answer.blocks, blocks));
  if (reasons.length > 0) return fail(...reasons);
  const unreported = listUnreported(answer, { ...head, blocks });
  return unreported.length === 0
    ? PASS
    : { ...PASS, remarks: [`not reported: ${unreported.join(", ")}`] };
}

/**
 * Judges the additional members in vectors of other dialects: a member, or,
 * under the same name with the suffix `Error`, the error that refuses it.
 */
function judgeOthers(
  answer: JsonObject,
  { others, verdict }: {
    readonly others: JsonObject;
    readonly verdict: Verdict;
  },
): Verdict {
  const reasons: string[] = [], unreported: string[] = [];
  const remarks = [...verdict.remarks];
  for (const [name, value] of Object.entries(others)) {
    const isError = name.endsWith("Error");
    const twin = isError ? name.slice(0, -"Error".length) : `${name}Error`;
    if (answer[twin] !== undefined) {
      reasons.push(`${twin} is ${show(answer[twin])}, expected ${name}`);
    } else if (answer[name] === undefined) unreported.push(name);
    else if (isError) {
      if (isDeepStrictEqual(answer[name], value)) continue;
      remarks.push(`${name} is ${show(answer[name])}, not ${show(value)}`);
    } else reasons.push(...compareMembers(answer, { [name]: value }));
  }
  if (reasons.length > 0) return fail(...reasons);
  if (unreported.length > 0) {
    return notSupported(`not reported: ${unreported.join(", ")}`);
  }
  return { ...verdict, remarks };
}

/** Compares the members that are present in both. */
function compareReported(found: JsonObject, expected: JsonObject): string[] {
  const reported = Object.entries(expected)
    .filter(([name, value]) =>
      found[name] !== undefined && value !== undefined
    );
  return compareMembers(found, Object.fromEntries(reported));
}

/**
 * Returns the expected members that are missing in an answer, those of blocks
 * only once.
 */
function listUnreported(
  answer: JsonObject,
  { blocks, ...head }: JsonObject & {
    readonly blocks: readonly ExpectedBlock[];
  },
): string[] {
  const found: unknown[] = Array.isArray(answer.blocks) ? answer.blocks : [];
  const unreported = Object.keys(head).filter((it) => answer[it] === undefined);
  for (const [index, block] of blocks.entries()) {
    const it = found[index];
    if (!isJsonObject(it)) continue;
    unreported.push(
      ...Object.keys(block).filter((name) => it[name] === undefined),
    );
  }
  return [...new Set(unreported)];
}

/**
 * Makes the verdict for a reader that does not support files of this kind,
 * valid or not.
 */
function notSupported(why: unknown): Verdict {
  const reason = typeof why === "string" ? why : `refused: ${show(why)}`;
  return { state: "not supported", reasons: [reason], remarks: [] };
}

function judgeRefusal(
  answer: JsonObject,
  expected: NonNullable<Expected["error"]>,
): Verdict {
  if (!isJsonObject(answer.error)) {
    return fail(`accepted, expected a refusal by ${expected.rule}`);
  }
  const { error } = answer;
  const { kind, rule = expected.rule } = error;
  const isOther = kind !== expected.kind || rule !== expected.rule;
  if (kind === "unsupported" && isOther) return notSupported(error);
  const remarks = Object.entries(expected)
    .filter(([name, value]) =>
      error[name] !== undefined && !isDeepStrictEqual(error[name], value)
    )
    .map(([name, value]) =>
      `${name} is ${show(error[name])}, expected ${show(value)}`
    );
  return { ...PASS, remarks };
}

function compareMembers(found: JsonObject, expected: JsonObject): string[] {
  return Object.entries(expected).flatMap(([name, value]) =>
    differences(name, found[name], value)
  );
}

function compareBlocks(
  found: unknown,
  expected: readonly ExpectedBlock[],
): string[] {
  if (!Array.isArray(found)) {
    return [`blocks is ${show(found)}, expected ${expected.length} RAMBlocks`];
  }
  if (found.length !== expected.length) {
    return [`${found.length} RAMBlocks, expected ${expected.length}`];
  }
  return expected.flatMap((block, index) => {
    const it: unknown = found[index];
    const name = `block ${index} (${show(block.idstr)})`;
    if (!isJsonObject(it)) return [`${name} is ${show(it)}`];
    const { idstr, usedLength, sha256, ...others } = block;
    const ignored = it.ignored === true && block.ignored === undefined
      ? ["ignored is true, expected memory in the file"]
      : [];
    return [
      ...compareMembers(it, { idstr, usedLength, sha256 }),
      ...compareReported(it, { ...others }),
      ...ignored,
    ].map((text) => `${name}: ${text}`);
  });
}
