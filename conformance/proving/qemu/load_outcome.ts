import { SourceError } from "../../../mod.ts";
import {
  NoAnswerError,
  type QmpRefusal,
} from "../../../reference/doors/qemu.ts";
import { MigrationError } from "./run_migration.ts";

/** The outcome of loading a vector. */
export type Outcome =
  | "loads"
  | "loads other memory"
  | "refuses"
  | "crashes"
  | "hangs"
  | "not tried";

/** The result of loading one vector. */
export interface Trial {
  readonly path: string;
  readonly outcome: Outcome;
  /** QEMU's error, or the reason it was not tried. */
  readonly detail?: string;
}

/** A load that failed. */
export interface FailedLoad {
  /** What was thrown. */
  readonly error: unknown;
  /** Whether QEMU had closed its monitor before it was killed. */
  readonly isGone: boolean;
  /** What QEMU had printed on stderr. */
  readonly stderr: string;
}

const DETAIL_MAX = 90;

/** QEMU's errors if the machine does not match, although the file is valid. */
const OTHER_MACHINE = [
  /Unknown (savevm )?section or instance/,
  /Unknown ramblock/,
  /Received TARGET_PAGE_BITS is \d+ but local is/,
  /RAM postcopy is disabled/,
  /Cannot find device=/,
  /Machine type received is/,
  // To QEMU, a section_id of 0 means a device that is not loaded yet.
  /timer: incoming version_id 0/,
];

/**
 * Returns the outcome of a load that failed. Throws an error that is not about
 * QEMU.
 */
export function outcomeOf(
  { error, isGone, stderr }: FailedLoad,
): Omit<Trial, "path"> {
  if (isGone) return { outcome: "crashes" };
  if (error instanceof NoAnswerError) return { outcome: "hangs" };
  const answer = answerOf(error);
  if (answer === undefined) throw error;
  if (OTHER_MACHINE.some((it) => it.test(`${stderr}\n${answer}`))) {
    return { outcome: "not tried", detail: "the machine does not fit" };
  }
  // Its first printed line is more specific than its answer.
  const printed = /^qemu-system-\w+: ([^\n]+)/.exec(stderr)?.[1];
  const detail = (printed ?? answer).replace(/\s+/g, " ");
  return { outcome: "refuses", detail: detail.slice(0, DETAIL_MAX) };
}

/** Returns QEMU's own words; undefined if the error has none. */
function answerOf(error: unknown): string | undefined {
  if (error instanceof MigrationError) return error.reason;
  if (!(error instanceof SourceError)) return undefined;
  return (error.cause as Partial<QmpRefusal> | undefined)?.desc;
}
