import type { ByteRange } from "../../format/bytes/mod.ts";
import type { RuleSlug } from "../../format/rules/mod.ts";
import { shownName, withoutSecrets } from "./shown_name.ts";

/** The fields of an {@linkcode IntegrityError}. */
export interface IntegrityViolation extends ByteRange {
  /** The rule of SPEC.md that is broken. */
  readonly rule: RuleSlug;
  /** The content found there, in words. */
  readonly found: string;
  /** The expected content, in words. */
  readonly expected: string;
  /** The digest that the bytes do not agree with: `sha256:…`. */
  readonly digest: string;
  /** The bytes of the file below a block of hashes, if it is one. */
  readonly below?: ByteRange | undefined;
  /** The page that was being read, if it was one of a RAMBlock. */
  readonly page?: {
    readonly idstr: string;
    readonly pageIndex: number;
  } | undefined;
}

/**
 * Bytes do not agree with the digest of their file: they are damaged, or of
 * another file. Nothing of the block that they are in was handed over. A retry
 * does not help, so unlike a `SourceError` it never causes one.
 */
export class IntegrityError extends Error implements IntegrityViolation {
  /** Names the class, as `Error.name` does. */
  override readonly name = "IntegrityError";
  /** Name of the file or of its sidecar. */
  readonly source: string;
  /** Position of the bytes there. */
  readonly offset: number;
  /** Number of the bytes. */
  readonly length: number;
  /** The rule of SPEC.md that is broken. */
  readonly rule: RuleSlug;
  /** The content found there, in words. */
  readonly found: string;
  /** The expected content, in words. */
  readonly expected: string;
  /** The digest that the bytes do not agree with: `sha256:…`. */
  readonly digest: string;

  /** The bytes of the file below a block of hashes, if it is one. */
  readonly below: ByteRange | undefined;
  /** The page that was being read, if it was one of a RAMBlock. */
  readonly page: IntegrityViolation["page"];

  /** Makes the error; its message is put together from the fields. */
  constructor(source: string, violation: IntegrityViolation) {
    const { offset, length, rule, found, expected, digest, page } = violation;
    const ofPage = page === undefined
      ? ""
      : `page ${page.pageIndex} of RAMBlock ${JSON.stringify(page.idstr)}, `;
    const byDigest = expected === digest ? "" : ` by the digest ${digest}`;
    super(withoutSecrets(
      `Cannot trust ${JSON.stringify(source)}: ${ofPage}byte 0x${
        offset.toString(16)
      }, ` +
        `length ${length}: ${found}, expected ${expected}${byDigest} (${rule})`,
    ));
    this.source = shownName(source);
    this.offset = offset;
    this.length = length;
    this.rule = rule;
    this.found = found;
    this.expected = expected;
    this.digest = digest;
    this.below = violation.below;
    this.page = page;
  }
}
