import type { RAMBlock, Snapshot } from "../../reading/mod.ts";
import { didYouMean } from "../program/did_you_mean.ts";
import { UsageError } from "../program/usage_error.ts";

/** Returns the RAMBlock that an argument names. */
export function findBlock(snapshot: Snapshot, idstr: string): RAMBlock {
  try {
    return snapshot.block(idstr);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const hint = didYouMean(idstr, snapshot.blocks.map((it) => it.idstr));
    const word = JSON.stringify(idstr);
    const message = error.message.replace(word, () => word + hint);
    throw new UsageError(message, { cause: error });
  }
}
