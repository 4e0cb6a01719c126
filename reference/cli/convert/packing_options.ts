import { checkClusterSize, chooseCompression } from "../../packing/mod.ts";
import { parseNumber } from "../input/number_argument.ts";
import { workOptions } from "../input/work_options.ts";
import { readOption } from "../program/usage_error.ts";
import type { ConvertSettings } from "./convert_input.ts";

/** Values of the options of packing. */
interface PackingValues {
  readonly backing?: string | undefined;
  readonly "allow-backing"?: readonly string[] | undefined;
  readonly "cluster-size"?: string | undefined;
  readonly exact?: boolean | undefined;
  readonly jobs?: string | undefined;
  readonly level?: string | undefined;
  readonly zlib?: boolean | undefined;
}

/** Parses the options of packing, and refuses what no image can have. */
export function packingOptions(
  values: PackingValues,
): Pick<ConvertSettings, "jobs" | "packing" | "exact" | "backing"> {
  const { jobs } = workOptions({ jobs: values.jobs });
  const packing = {
    jobs,
    compression: values.zlib ? "zlib" as const : undefined,
    level: numberOf("--level", values.level),
    clusterSize: numberOf("--cluster-size", values["cluster-size"]),
  };
  const { level, clusterSize } = packing;
  if (level !== undefined) {
    readOption("--level", () => chooseCompression(packing));
  }
  if (clusterSize !== undefined) {
    readOption("--cluster-size", () => checkClusterSize(clusterSize));
  }
  const { exact = false, backing: file, "allow-backing": allowBacking } =
    values;
  const backing = file === undefined ? undefined : { file, allowBacking };
  return { jobs, packing, exact, backing };
}

function numberOf(option: string, text: string | undefined) {
  return text === undefined ? undefined : parseNumber(option, text);
}
