import type { Progress } from "../../work/mod.ts";
import type { OutputOptions } from "../output/output_file.ts";
import type { ConvertInput, ConvertSettings } from "./convert_input.ts";
import type { ConvertRemarks } from "./convert_notes.ts";
import type { ConvertOption } from "./conversion_options.ts";

/** The input and output of a conversion, and its options. */
export interface ConvertJob {
  readonly input: ConvertInput;
  readonly out: string;
  readonly output: OutputOptions;
  readonly options: ConvertSettings;
  readonly onProgress: (progress: Progress) => void;
}

/** The result of a conversion. */
export interface Converted {
  readonly files: readonly string[];
  /** Its facts in the JSON output. */
  readonly facts: object;
  readonly remarks: ConvertRemarks;
}

/** A conversion from one format to another. */
export interface Conversion {
  /** The options that it accepts, besides those for reading the input. */
  readonly takes: readonly ConvertOption[];
  /** Converts. */
  run(job: ConvertJob): Promise<Converted>;
}
