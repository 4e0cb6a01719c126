import { createHash } from "node:crypto";
import {
  IntegrityError,
  openFileSource,
  type SyncByteSource,
  verifiedSourceSync,
} from "../../mod.ts";
import { refusalOf } from "./refusal_of.ts";

/** The blocks that a reader of verified files checks. */
const BLOCK = 4096;

/**
 * Reads each block of a file that has a sidecar, and returns what is handed
 * over, and which blocks are refused, or the error that refuses the sidecar.
 */
export function answerVerity(
  source: SyncByteSource,
  { verity, digest }: { readonly verity: string; readonly digest: string },
): object {
  using tree = openFileSource(verity);
  let verified: SyncByteSource;
  try {
    verified = verifiedSourceSync(source, { tree, digest });
  } catch (error) {
    return { verityError: refusalOf(error) };
  }
  const hash = createHash("sha256");
  const refused: [number, number][] = [];
  let first: object = {};
  for (let at = 0, index = 0; at < source.byteLength; at += BLOCK, index++) {
    const bytes = new Uint8Array(Math.min(BLOCK, source.byteLength - at));
    try {
      verified.readIntoSync(bytes, at);
      hash.update(bytes);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      const { rule, offset } = error;
      if (refused.length === 0) first = { rule, offset };
      const run = refused.at(-1);
      if (run?.[1] === index) run[1]++;
      else refused.push([index, index + 1]);
    }
  }
  return { verity: { sha256: hash.digest("hex"), refused, ...first } };
}
