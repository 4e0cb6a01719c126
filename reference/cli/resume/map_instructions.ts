import type { MappedResumePlan } from "../../mapping/mod.ts";
import { physicalPath } from "../../sinks/mod.ts";
import { incomingCommands, incomingOptions } from "../info/load_commands.ts";
import { joinWords } from "../input/split_words.ts";
import { jsonText } from "../output/json_text.ts";
import { printLog } from "../output/output.ts";
import { printEvent } from "../output/progress_events.ts";
import { paint } from "../output/terminal.ts";

/** How to start a QEMU that maps its RAM from the snapshot. */
export interface MapInstructions {
  /** Arguments of QEMU in addition to those of the guest. */
  readonly args: readonly string[];
  /** The QMP commands, in order. */
  readonly qmp: readonly unknown[];
  /** The file that those commands load. */
  readonly devices: string;
}

/** Returns the instructions for a plan whose device-only file is written. */
export function mapInstructions(
  { args }: MappedResumePlan,
  devices: string,
): MapInstructions {
  return {
    args: [...args, ...incomingOptions(args)],
    qmp: incomingCommands(devices, 0, ["mapped-ram"]),
    devices: physicalPath(devices),
  };
}

/** Prints the instructions for people, or as JSON. */
export function printInstructions(
  instructions: MapInstructions,
  json: boolean,
): void {
  if (json) return printEvent("prepared", instructions);
  printLog([
    paint(
      "bold",
      "Start QEMU as the guest was saved, with these additional arguments",
    ),
    `  ${joinWords(instructions.args)}`,
    "",
    paint("bold", "Then send these QMP commands"),
    ...instructions.qmp.map((it) => `  ${jsonText(it)}`),
    "",
    "The snapshot must not change while the guest runs.",
  ].join("\n"));
}
