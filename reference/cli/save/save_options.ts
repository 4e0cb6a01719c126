import { FROM_RAW_OPTION } from "../input/flat_image.ts";
import {
  PLACE_NAMES,
  PLACE_NEEDS,
  placeOptions,
} from "../input/place_options.ts";
import { SEAL_OPTION } from "../input/seal_option.ts";
import {
  JSON_EVENTS_OPTION,
  OPEN_NAMES,
  openingOptions,
} from "../input/snapshot_options.ts";
import { WORK_OPTIONS } from "../input/work_options.ts";
import { optionUses } from "../program/option_ways.ts";
import { ACCEPTED_CAPABILITIES } from "./capability_rules.ts";
import { DEMONSTRATION_OPTIONS } from "./save_demonstration.ts";

/** The options of `save`. */
export const SAVE_OPTIONS = {
  block: {
    type: "string",
    multiple: true,
    value: "IDSTR=IMAGE",
    text: "the memory of the RAMBlock IDSTR, from its first byte on; repeat " +
      "it for each block, largest first",
  },
  "block-digest": {
    type: "string",
    multiple: true,
    value: "IDSTR=DIGEST",
    text: "check the image of the RAMBlock IDSTR when it is read; the hashes " +
      "are in IMAGE.verity",
  },
  from: FROM_RAW_OPTION,
  machine: {
    type: "string",
    value: "NAME",
    text: "machine type that will load it, by its full name, such as " +
      "pc-q35-10.0; default: none",
  },
  "page-size": {
    type: "string",
    value: "SIZE",
    text: "target page size in bytes; default: 4096",
  },
  "target-page-bits": {
    type: "string",
    value: "N",
    text: "log2 of that size, for targets that store it (ARM)",
  },
  "device-state": {
    type: "string",
    value: "SNAPSHOT",
    text: "copy machine, configuration and device state from SNAPSHOT, and " +
      "the RAMBlocks without a --block; the rest of a block with a " +
      "shorter image is zero",
  },
  ...openingOptions("SNAPSHOT"),
  ...placeOptions("SNAPSHOT"),
  capability: {
    type: "string",
    multiple: true,
    value: "NAME",
    suggests: ACCEPTED_CAPABILITIES,
    text: "another capability of QEMU to save with; one that does not work " +
      "with mapped-ram is refused",
  },
  force: {
    type: "boolean",
    text: "replace OUT if it exists",
  },
  resume: {
    type: "boolean",
    text: "continue a save of OUT that was killed: pages that it wrote are " +
      "compared, not written again",
  },
  ...SEAL_OPTION,
  scan: {
    type: "boolean",
    text: "read the holes of images, too, instead of asking the file system " +
      "where they are",
  },
  ...WORK_OPTIONS,
  ...DEMONSTRATION_OPTIONS,
  json: JSON_EVENTS_OPTION,
} as const;

/** Options with OUT, with and without a device state. */
const SAVING = [
  ...["block", "block-digest", "from", "jobs", "direct-io"] as const,
  ...["capability", "force", "resume", "scan", "seal", "json"] as const,
] as const;

/** How they are used together. */
export const SAVE_USES = optionUses(SAVE_OPTIONS, {
  ways: {
    "without OUT, and without --live": ["keep", "json"],
    "without OUT, with --live": [
      ...["keep", "live", "dirty-rate", "downtime-limit"] as const,
      ...["jobs", "json"] as const,
    ],
    "with OUT, without --device-state": [
      ...SAVING,
      ...["machine", "page-size", "target-page-bits"] as const,
    ],
    "with OUT, and with --device-state, which determines it": [
      ...SAVING,
      ...OPEN_NAMES,
      ...PLACE_NAMES,
      "device-state",
    ],
  },
  needs: {
    ...{ from: ["block"], scan: ["block"], "block-digest": ["block"] } as const,
    ...PLACE_NEEDS,
  },
});
