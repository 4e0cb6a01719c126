import type { RAMBlock, Snapshot } from "../../reading/mod.ts";
import { didYouMean } from "../program/did_you_mean.ts";
import { UsageError } from "../program/usage_error.ts";

/** Returns the RAMBlock that an argument names. */
export function findBlock(snapshot: Snapshot, idstr: string): RAMBlock {
  try {
    return snapshot.block(idstr);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const names = snapshot.blocks.map((it) => it.idstr);
    throw new UsageError(error.message + didYouMean(idstr, names));
  }
}
