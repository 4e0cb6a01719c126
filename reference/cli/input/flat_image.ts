import { knownFile } from "../../inputs/mod.ts";
import {
  type ByteSource,
  type ReadOptions,
  SourceError,
} from "../../sources/mod.ts";

/** `--from` of commands that accept flat images. */
export const FROM_RAW_OPTION = {
  type: "string",
  values: ["raw"],
  text: "take an image as flat memory even if its first bytes are those of " +
    "another format",
} as const;

/**
 * Refuses a flat image whose first bytes are those of another format.
 *
 * @throws {SourceError} if it is of another format
 */
export async function checkFlatImage(
  source: ByteSource,
  options?: ReadOptions,
): Promise<void> {
  const known = await knownFile(source, options);
  if (known === undefined) return;
  throw new SourceError(
    source.name,
    `Cannot take ${JSON.stringify(source.name)} as flat memory: it is ` +
      `${known.what}; ${known.remedy} (--from raw takes it as memory all ` +
      "the same)",
  );
}
