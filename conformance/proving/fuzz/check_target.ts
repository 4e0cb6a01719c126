import { RuleError, RULES, SourceError } from "../../../mod.ts";
import type { AllocationMeter } from "./allocation_meter.ts";
import type { FuzzTarget } from "./fuzz_targets.ts";
import { MeteredSource } from "./metered_source.ts";

/**
 * Limits on the bytes that a parser may read per byte of input, and on its
 * reads.
 */
const READ_FACTOR = 40;
const READ_SLACK = 2 ** 23;
const READS_PER_BYTE = 2;
const READS_SLACK = 2000;
/** Limit on the bytes that it may allocate in buffers. */
const ALLOCATION_FACTOR = 4;
const ALLOCATION_SLACK = 2 ** 20;
/** Time in milliseconds that no input of a few MB may take. */
const HANG = 10_000;

/** Runs a target; returns the defect found, or undefined. */
export async function checkTarget(
  target: FuzzTarget,
  bytes: Uint8Array,
  meter: AllocationMeter,
): Promise<string | undefined> {
  const source = new MeteredSource(bytes);
  const start = performance.now();
  meter.reset();
  try {
    await target.run(source, bytes);
  } catch (error) {
    const wrong = wrongError(target, error, bytes.length);
    if (wrong !== undefined) return wrong;
  }
  const allocated = meter.bytes;
  const time = performance.now() - start;
  if (time > HANG) return `took ${Math.round(time)} ms`;
  const { reads, bytesRead } = source;
  const { length } = bytes;
  const slack = ALLOCATION_SLACK + (target.unpacked ?? 0);
  if (allocated > ALLOCATION_FACTOR * length + slack) {
    return `allocated ${allocated} bytes for ${length} bytes of input`;
  }
  if (bytesRead > READ_FACTOR * length + READ_SLACK) {
    return `read ${bytesRead} bytes of ${length} bytes of input`;
  }
  if (reads > READS_PER_BYTE * length + READS_SLACK) {
    return `read ${reads} times from ${length} bytes of input`;
  }
  return undefined;
}

/** Returns the problem of an error; undefined if input may cause it. */
function wrongError(
  target: FuzzTarget,
  error: unknown,
  byteLength: number,
): string | undefined {
  const text = error instanceof Error
    ? error.stack ?? error.message
    : String(error);
  if (error instanceof RuleError) {
    const { rule, offset } = error;
    if (!Object.hasOwn(RULES, rule)) return `no such rule: ${text}`;
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > byteLength) {
      return `an error outside of the file: ${text}`;
    }
    return /\n|undefined|NaN/.test(error.message)
      ? `an odd message: ${text}`
      : undefined;
  }
  if (error instanceof SourceError) return undefined;
  // A profile is a text, so its errors have no rule.
  if (target.input === "profile" && error instanceof SyntaxError) {
    return undefined;
  }
  return text;
}
