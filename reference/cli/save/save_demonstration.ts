import { parseNumber } from "../input/number_argument.ts";
import { workOptions } from "../input/work_options.ts";

/** Options of `save` without OUT. */
export const DEMONSTRATION_OPTIONS = {
  keep: {
    type: "boolean",
    text: "keep the file of the demonstration",
  },
  live: {
    type: "boolean",
    text: "save a guest that keeps writing to its memory, a mapped file: in " +
      "rounds, until the rest is small enough to stop the guest for, at " +
      "most 50 rounds",
  },
  "dirty-rate": {
    type: "string",
    value: "RATE",
    text: "with --live: bytes per second that the guest writes; default: 128M",
  },
  "downtime-limit": {
    type: "string",
    value: "MS",
    text:
      "with --live: milliseconds that the guest may be stopped, as QEMU's " +
      "parameter; default: 30",
  },
} as const;

/** Values of the options. */
export interface DemonstrationValues {
  readonly keep?: boolean | undefined;
  readonly live?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly jobs?: string | undefined;
  readonly "dirty-rate"?: string | undefined;
  readonly "downtime-limit"?: string | undefined;
}

/** Runs `save` without OUT: a demonstration of what it does. */
export async function saveDemonstration(
  values: DemonstrationValues,
  signal: AbortSignal,
): Promise<number> {
  const { keep = false, json = false, live = false } = values;
  if (!live) {
    const { demonstrate } = await import("./demonstration.ts");
    return await demonstrate({ keep, json, signal });
  }
  const { demonstrateLive } = await import("./live_demonstration.ts");
  const limit = values["downtime-limit"] ?? "30";
  return await demonstrateLive({
    keep,
    json,
    signal,
    jobs: workOptions(values).jobs,
    dirtyRate: parseNumber("--dirty-rate", values["dirty-rate"] ?? "128M"),
    downtimeLimit: parseNumber("--downtime-limit", limit),
  });
}
