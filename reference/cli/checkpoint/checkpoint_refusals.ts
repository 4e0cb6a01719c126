import { CloneError } from "../../checkpoint/mod.ts";
import { isWebUrl, shownName, SourceError } from "../../sources/mod.ts";
import { joinWords } from "../input/split_words.ts";
import { isPackedName } from "../output/pack_by_name.ts";
import { programWords } from "../program/program_name.ts";
import { UsageError } from "../program/usage_error.ts";

/** Refuses what cannot be a clone, or be cloned, by its name. */
export function refuseOtherKinds(
  { BASE, OUT }: { readonly BASE: string; readonly OUT: string },
): void {
  if (isWebUrl(BASE)) {
    throw new UsageError(
      `Cannot share the blocks of ${JSON.stringify(shownName(BASE))}: ` +
        "expected a local file",
    );
  }
  if (isPackedName(OUT)) {
    throw new UsageError(
      `Cannot write a checkpoint to ${
        JSON.stringify(OUT)
      }: it is mapped-ram; ` +
        "expected another name, or convert --backing, which writes a qcow2",
    );
  }
}

/** Adds to an error of files that cannot share blocks what to do instead. */
export function explainClone(
  error: unknown,
  { BASE, NEW, OUT }: {
    readonly BASE: string;
    readonly NEW: string;
    readonly OUT: string;
  },
): unknown {
  if (!(error instanceof CloneError)) return error;
  const image = `${OUT.replace(/\.mr$/, "")}.qcow2`;
  const convert = [...programWords(), "convert", shownName(NEW), image];
  const command = joinWords([...convert, "--backing", BASE]);
  return new SourceError(
    error.source,
    `${error.message}; ${command} stores only what differs, too`,
    { cause: error },
  );
}
