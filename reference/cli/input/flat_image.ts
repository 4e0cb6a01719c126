import { knownFile } from "../../inputs/mod.ts";
import {
  type ByteSource,
  type ReadOptions,
  SourceError,
} from "../../sources/mod.ts";
import { UsageError } from "../program/usage_error.ts";

/** The `--from` line of `--help` in commands that accept flat images. */
export const FROM_RAW_HELP = `\
  --from raw                  take an image as flat memory even if its first
                              bytes are those of another format`;

/** Whether `--from raw` is given; these commands accept no other value. */
export function isFromRaw(value: string | undefined): boolean {
  if (value === undefined || value === "raw") return value !== undefined;
  throw new UsageError(
    `Cannot use ${JSON.stringify(value)} as --from: expected raw`,
  );
}

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
