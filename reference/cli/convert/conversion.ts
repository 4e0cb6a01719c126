import type { Progress } from "../../work/mod.ts";
import type { OutputOptions } from "../output/output_file.ts";
import type { ConvertInput, ConvertSettings } from "./convert_input.ts";
import type { ConvertRemarks } from "./convert_notes.ts";
import type { ConvertOption } from "./convert_options.ts";

/** What is converted, and to which file. */
export interface ConvertJob {
  readonly input: ConvertInput;
  readonly out: string;
  readonly output: OutputOptions;
  readonly options: ConvertSettings;
  readonly onProgress: (progress: Progress) => void;
}

/** What was written. */
export interface Converted {
  readonly files: readonly string[];
  /** What JSON says of it. */
  readonly facts: object;
  readonly remarks: ConvertRemarks;
}

/** How one format becomes another. */
export interface Conversion {
  /** The options it takes besides those that say how the input is read. */
  readonly takes: readonly ConvertOption[];
  /** Converts. */
  run(job: ConvertJob): Promise<Converted>;
}
