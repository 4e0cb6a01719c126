import type { LiveSummary } from "../../saving/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf } from "../output/format_count.ts";
import { formatTime } from "../output/format_time.ts";
import { GUEST_PAGE_SIZE } from "./live_guest_words.ts";

/**
 * Returns lines that explain why a guest was stopped for longer than `limit`
 * milliseconds; none if it was not.
 */
export function explainDowntime(
  { rounds, downtime }: Pick<LiveSummary, "rounds" | "downtime">,
  limit: number,
): string[] {
  const last = rounds.at(-1);
  const before = rounds.at(-2);
  if (downtime <= limit || last === undefined || before === undefined) {
    return [];
  }
  const needed = before.dirtyBytes / before.bytesPerSecond * 1000;
  const estimate = `${formatTime(needed)} for ` +
    `${formatBytes(before.dirtyBytes)} at ${
      rate(before.bytesPerSecond)
    }, the ` +
    "bandwidth of the round before";
  return [
    `That is ${formatTime(downtime - limit)} longer than the limit:`,
    needed > limit
      ? `  after ${
        countOf(before.number, "round")
      } the estimate still exceeded ` +
        `the limit: ${estimate}; the guest writes too fast for it`
      : `  the estimate was ${estimate}`,
    `  stopping the guest took ${formatTime(downtime - last.milliseconds)}, ` +
    "its last reports of pages included",
    `  the last round took ${formatTime(last.milliseconds)} for ` +
    `${formatBytes(last.pages * GUEST_PAGE_SIZE)} at ` +
    rate(last.bytesPerSecond),
  ];
}

function rate(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`;
}
