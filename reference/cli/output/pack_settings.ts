import type { PackOptions } from "../../packing/mod.ts";

/** How a command packs an image. */
export type PackSettings = Pick<
  PackOptions,
  "jobs" | "compression" | "level" | "clusterSize" | "signal"
>;
