import type { RAMBlock, Snapshot } from "../../reading/mod.ts";
import { didYouMean } from "../program/did_you_mean.ts";
import { UsageError } from "../program/usage_error.ts";

/** The RAMBlock that an argument names. */
export function findBlock(snapshot: Snapshot, idstr: string): RAMBlock {
  const block = snapshot.blocks.find((it) => it.idstr === idstr);
  if (block !== undefined) return block;
  throw new UsageError(
    `Cannot find RAMBlock ${JSON.stringify(idstr)} in ` +
      `${JSON.stringify(snapshot.source.name)}: ` + namesOf(snapshot) +
      didYouMean(idstr, snapshot.blocks.map((it) => it.idstr)),
  );
}

function namesOf({ blocks }: Snapshot): string {
  if (blocks.length === 0) return "it has none";
  return `it has ${
    blocks.map(({ idstr }) => JSON.stringify(idstr)).join(", ")
  }`;
}
