import { availableParallelism } from "node:os";
import { UsageError } from "../program/usage_error.ts";
import { parseNumber } from "./number_argument.ts";

/** `--jobs` of commands that work on several threads. */
export const JOBS_OPTION = {
  jobs: {
    type: "string",
    value: "N",
    text:
      "threads; default: one per processor. The bytes are the same for any " +
      "number",
  },
} as const;

/** Options of commands that copy much data. */
export const WORK_OPTIONS = {
  ...JOBS_OPTION,
  "direct-io": {
    type: "boolean",
    text: "bypass the page cache; fails if the file system has no direct I/O",
  },
} as const;

/** Values of {@linkcode WORK_OPTIONS}. */
export interface WorkValues {
  readonly jobs?: string | undefined;
  readonly "direct-io"?: boolean | undefined;
}

const JOBS_MAX = 64;

/** Parses the values of {@linkcode WORK_OPTIONS}. */
export function workOptions(
  values: WorkValues,
): { readonly jobs: number; readonly directIo: boolean } {
  const { jobs, "direct-io": directIo = false } = values;
  return {
    jobs: jobs === undefined ? processors() : parseJobs(jobs),
    directIo,
  };
}

/** Refuses --direct-io where the bytes that it reads could not be checked. */
export function refuseDirectIo(values: WorkValues, option: string): void {
  if (values["direct-io"] === undefined) return;
  throw new UsageError(
    `Cannot use --direct-io with ${option}, which checks the bytes that this ` +
      "process reads",
  );
}

function parseJobs(text: string): number {
  const jobs = parseNumber("--jobs", text);
  if (jobs >= 1 && jobs <= JOBS_MAX) return jobs;
  throw new UsageError(`Cannot use ${jobs} jobs: expected 1 to ${JOBS_MAX}`);
}

function processors(): number {
  return Math.max(1, Math.min(JOBS_MAX, availableParallelism()));
}
