import {
  ProfileFormatError,
  readProfile,
  type WorkingSetProfile,
} from "../../format/profile/mod.ts";
import { PROFILE_LENGTH_MAX } from "../../format/stream/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";

/**
 * Reads a profile from a file, a URL, or a Blob. A file longer than any profile
 * is refused without reading it.
 *
 * @throws {SyntaxError} if it is not a profile; the message gives the line
 * @throws {SourceError} if it cannot be read
 *
 * @example
 * ```ts
 * import { openFileSource } from "../../mod.ts";
 * import { loadProfile } from "../doors/qemu.ts";
 *
 * async function pagesOf(path: string): Promise<number> {
 *   using source = openFileSource(path);
 *   const { runs } = await loadProfile(source);
 *   return runs.reduce((sum, { first, end }) => sum + end - first, 0);
 * }
 * ```
 */
export async function loadProfile(
  source: ByteSource,
  options?: ReadOptions,
): Promise<WorkingSetProfile> {
  const { name, byteLength } = source;
  if (byteLength > PROFILE_LENGTH_MAX) {
    throw new ProfileFormatError(
      `Cannot read ${JSON.stringify(name)}: it has ${byteLength} bytes, ` +
        `expected a profile of at most ${PROFILE_LENGTH_MAX}`,
      1,
    );
  }
  const bytes = new Uint8Array(byteLength);
  if (byteLength > 0) await source.readInto(bytes, 0, options);
  return readProfile(
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
    { name },
  );
}
