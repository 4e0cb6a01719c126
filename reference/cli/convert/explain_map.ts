import { GuestMapError } from "../../convert/mod.ts";
import { joinWords } from "../input/split_words.ts";

/** Returns an error, with the options that help if they are known. */
export function explainMap(error: unknown): unknown {
  if (!(error instanceof GuestMapError)) return error;
  const [idstr] = error.idstrs;
  const hint = idstr === undefined
    ? "--machine NAME, --block IDSTR of its main memory, or " +
      "--range ADDRESS=IDSTR+LENGTH"
    : `${joinWords(["--range", `ADDRESS=${idstr}+LENGTH`])}, or ` +
      `${joinWords(["--leave-out", idstr])}; of main ` +
      `memory in NUMA nodes --block for each; QEMU's "info mtree -f" shows ` +
      "the addresses";
  return new RangeError(`${error.message} (${hint})`, { cause: error });
}
