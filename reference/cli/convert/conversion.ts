import type { Progress } from "../../work/mod.ts";
import type { OutputOptions } from "../output/output_file.ts";
import type { ToFormat } from "./convert_arguments.ts";
import type { ConvertInput, ConvertOptions } from "./convert_input.ts";
import type { ConvertRemarks } from "./convert_notes.ts";

/** A conversion. */
export interface ConvertJob {
  readonly input: ConvertInput;
  readonly to: ToFormat;
  readonly out: string;
  readonly output: OutputOptions;
  readonly options: ConvertOptions;
  readonly onProgress: (progress: Progress) => void;
}

/** What was written. */
export interface Converted {
  readonly files: readonly string[];
  /** What JSON says of it. */
  readonly facts: object;
  readonly remarks: ConvertRemarks;
}
