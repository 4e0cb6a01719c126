import { resolve } from "node:path";
import type { MappedResumePlan } from "../../mapping/mod.ts";
import { incomingCommands, incomingOptions } from "../info/load_commands.ts";
import { joinWords } from "../input/split_words.ts";
import { jsonText } from "../output/json_text.ts";
import { printLog } from "../output/output.ts";
import { printEvent } from "../output/progress_events.ts";
import { paint } from "../output/terminal.ts";

/** What QEMU needs to resume a guest that maps its RAM. */
export interface MapInstructions {
  /** The arguments that QEMU gets besides those of the guest. */
  readonly args: readonly string[];
  /** What to tell it by QMP, in this order. */
  readonly qmp: readonly unknown[];
  /** The file that those commands load. */
  readonly devices: string;
}

/** What to do with a plan, once the device-only file is written. */
export function mapInstructions(
  { args }: MappedResumePlan,
  devices: string,
): MapInstructions {
  return {
    args: [...args, ...incomingOptions(args)],
    qmp: incomingCommands(devices, 0, ["mapped-ram"]),
    devices: resolve(devices),
  };
}

/** Prints it for people, or as JSON. */
export function printInstructions(
  instructions: MapInstructions,
  json: boolean,
): void {
  if (json) return printEvent("prepared", instructions);
  printLog([
    paint("bold", "Start QEMU as the guest was saved, with these besides"),
    `  ${joinWords(instructions.args)}`,
    "",
    paint("bold", "Then tell it by QMP"),
    ...instructions.qmp.map((it) => `  ${jsonText(it)}`),
    "",
    "The snapshot must stay as it is for as long as the guest runs.",
  ].join("\n"));
}
