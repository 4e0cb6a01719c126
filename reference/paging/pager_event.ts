import type { WorkingSetProfile } from "../../format/profile/mod.ts";
import type { RuleSlug } from "../../format/rules/mod.ts";
import { IntegrityError, type IntegrityViolation } from "../sources/mod.ts";
import type { PagerStatistics } from "./paged_process.ts";

/** An event that a pager reports. */
export type PagerEvent =
  | { readonly kind: "ready" }
  | { readonly kind: "connected"; readonly vm: number; readonly pid: number }
  | {
    readonly kind: "serving";
    readonly vm: number;
    readonly pid: number;
    readonly regions: number;
    readonly bytes: number;
  }
  | {
    readonly kind: "refused";
    readonly vm: number;
    readonly pid: number;
    readonly message: string;
  }
  | { readonly kind: "retry"; readonly vm: number; readonly message: string }
  | {
    readonly kind: "untrusted";
    readonly vm: number;
    readonly file: string;
    readonly offset: number;
    readonly length: number;
    readonly idstr: string | undefined;
    readonly page: number | undefined;
    readonly rule: RuleSlug;
    readonly found: string;
    readonly expected: string;
    readonly digest: string;
  }
  | { readonly kind: "failed"; readonly vm: number }
  | { readonly kind: "killed"; readonly vm: number; readonly pid: number }
  | {
    readonly kind: "not-killed";
    readonly vm: number;
    readonly pid: number;
    readonly message: string;
  }
  | { readonly kind: "loaded"; readonly vm: number }
  | {
    readonly kind: "statistics";
    readonly vm: number;
    readonly statistics: PagerStatistics;
  }
  | { readonly kind: "ended"; readonly vm: number; readonly message: string }
  | {
    readonly kind: "stopped";
    readonly profile: WorkingSetProfile | undefined;
  }
  | {
    readonly kind: "error";
    readonly message: string;
    /** Set if it is an `IntegrityError`. */
    readonly untrusted:
      | (IntegrityViolation & { readonly source: string })
      | undefined;
  };

/** Returns the event of an error after which nothing is served. */
export function errorEvent(error: unknown): PagerEvent {
  const message = error instanceof Error ? error.message : String(error);
  const isUntrusted = error instanceof IntegrityError;
  const untrusted = isUntrusted ? untrustedBytes(error) : undefined;
  return { kind: "error", message, untrusted };
}

/** Returns the event of an `IntegrityError`; undefined for another error. */
export function untrustedEvent(
  vm: number,
  error: unknown,
): PagerEvent | undefined {
  if (!(error instanceof IntegrityError)) return undefined;
  const { source: file, page, ...rest } = untrustedBytes(error);
  const { idstr, pageIndex } = page ?? {};
  return { kind: "untrusted", vm, file, idstr, page: pageIndex, ...rest };
}

/** Returns the fields of an error, to pass to another thread. */
function untrustedBytes(
  error: IntegrityError,
): IntegrityViolation & { readonly source: string } {
  const { source, offset, length, rule, found, expected, digest, page } = error;
  return { source, offset, length, rule, found, expected, digest, page };
}
