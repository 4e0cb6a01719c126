import { RuleError, RULES, SourceError } from "../../../mod.ts";
import type { AllocationMeter } from "./allocation_meter.ts";
import type { FuzzTarget } from "./fuzz_targets.ts";
import { MeteredSource } from "./metered_source.ts";

/** Bytes that a parser may read for each byte of its input, and reads. */
const READ_FACTOR = 40;
const READ_SLACK = 2 ** 23;
const READS_PER_BYTE = 2;
const READS_SLACK = 2000;
/** Bytes that it may allocate in buffers. */
const ALLOCATION_FACTOR = 4;
const ALLOCATION_SLACK = 2 ** 20;
/** No input of a few MB takes this long, in milliseconds. */
const HANG = 10_000;

/** What a target did wrong; undefined if it did well. */
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
  if (allocated > ALLOCATION_FACTOR * length + ALLOCATION_SLACK) {
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

/** What is wrong with an error; undefined if it is one that input may cause. */
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
  // A profile is a text, not a file of the format.
  if (target.input === "profile" && error instanceof SyntaxError) {
    return undefined;
  }
  return text;
}
