import { UnsupportedError } from "../../format/rules/mod.ts";
import {
  CAPABILITY_IGNORE_SHARED,
  type Configuration,
} from "../../format/stream/mod.ts";

/**
 * Refuses a stream that `x-ignore-shared` may have left RAM out of: it cannot be
 * distinguished from zero RAM.
 *
 * @throws {UnsupportedError} if the stream has the capability
 */
export function refuseIgnoredRam(
  fileName: string,
  { capabilities }: Configuration,
): void {
  if (!capabilities.includes(CAPABILITY_IGNORE_SHARED)) return;
  throw new UnsupportedError(fileName, {
    rule: "capability-known",
    feature: `converting a stream saved with ${CAPABILITY_IGNORE_SHARED}`,
    offset: 0,
    found: `RAM saved with ${CAPABILITY_IGNORE_SHARED}`,
    expected: "all of the RAM in the stream",
  });
}
