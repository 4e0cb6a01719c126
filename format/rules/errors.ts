import type { RuleSlug } from "./rules.ts";

/** The fields of a {@linkcode RuleError}. */
export interface RuleViolation {
  /** The rule of SPEC.md that the file breaks. */
  readonly rule: RuleSlug;
  /** Position in the file of the field that breaks it, in bytes. */
  readonly offset: number;
  /** The content found there, in words. */
  readonly found: string;
  /** The expected content, in words. */
  readonly expected: string;
  /** The RAMBlock concerned, if any. */
  readonly idstr?: string | undefined;
}

/** A file breaks a rule of SPEC.md; one of the two classes below says what to do. */
export abstract class RuleError extends Error implements RuleViolation {
  /** Name of the source: a path, a URL, or a name given by the caller. */
  readonly file: string;
  /** The rule of SPEC.md that the file breaks. */
  readonly rule: RuleSlug;
  /** Position in the file of the field that breaks it, in bytes. */
  readonly offset: number;
  /** The content found there, in words. */
  readonly found: string;
  /** The expected content, in words. */
  readonly expected: string;
  /** The RAMBlock concerned, if any. */
  readonly idstr: string | undefined;

  /** Makes the error; its message is put together from the fields. */
  constructor(file: string, violation: RuleViolation, options?: ErrorOptions) {
    const { rule, offset, found, expected, idstr } = violation;
    const block = idstr === undefined ? "" : ` RAMBlock "${idstr}",`;
    super(
      `Cannot read ${JSON.stringify(file)}:${block} byte 0x${
        offset.toString(16)
      }: ` +
        `${found}, expected ${expected} (${rule})`,
      options,
    );
    this.file = file;
    this.rule = rule;
    this.offset = offset;
    this.found = found;
    this.expected = expected;
    this.idstr = idstr;
  }
}

/**
 * The file breaks a rule of the format: refuse it.
 *
 * @example
 * ```ts
 * import { FormatError, memorySource, openSnapshotSync } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const source = memorySource(new Uint8Array(64), { name: "zeros" });
 * assert.throws(() => openSnapshotSync(source), (error) => {
 *   return error instanceof FormatError && error.rule === "stream-magic";
 * });
 * ```
 */
export class FormatError extends RuleError {
  /** Names the class, as `Error.name` does. */
  override readonly name = "FormatError";
}

/**
 * The file may be valid, but this reader does not support a feature that it
 * uses.
 */
export class UnsupportedError extends RuleError {
  /** Names the class, as `Error.name` does. */
  override readonly name = "UnsupportedError";
  /** What this reader lacks, in a few words: `capability "fixed-ram"`. */
  readonly feature: string;

  /** Makes the error; its message is put together from the fields. */
  constructor(
    file: string,
    violation: RuleViolation & { readonly feature: string },
    options?: ErrorOptions,
  ) {
    super(file, violation, options);
    this.feature = violation.feature;
  }
}

/** Formats a number as hexadecimal: `0x1000`. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
