import { sidecarPlace } from "../../inputs/mod.ts";
import { checkOutput, type OutputOptions } from "../output/output_file.ts";

/** `--seal` of commands that write the file OUT. */
export const SEAL_OPTION = {
  seal: {
    type: "boolean",
    text: "write the hashes of OUT to OUT.verity, too, and print the digest, " +
      "as seal does",
  },
} as const;

/** Refuses an output whose sidecar could not be written. */
export function checkSealed(
  out: string,
  isSealed: boolean | undefined,
  options: OutputOptions,
): void {
  if (isSealed) checkOutput(sidecarPlace(out), options);
}
