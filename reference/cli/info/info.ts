import { UnsupportedError } from "../../../format/rules/mod.ts";
import { openSnapshot, type Snapshot } from "../../reading/mod.ts";
import type { OpenedPlace } from "../../opening/mod.ts";
import { explainRefusal } from "../input/open_snapshot_file.ts";
import { openSource } from "../input/open_source.ts";
import {
  openOptions,
  SNAPSHOT_NAMES,
  SNAPSHOT_OPTIONS,
} from "../input/snapshot_options.ts";
import { PLACE_NAMES, placeOf } from "../input/place_options.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import { checkUses, optionUses } from "../program/option_ways.ts";

const OPTIONS = {
  map: {
    type: "boolean",
    text: "draw a map of the RAM, and list the guest-physical addresses",
  },
  devices: {
    type: "boolean",
    text: "the fields of each device's state",
  },
  xml: {
    type: "boolean",
    text: "the XML and cookie of a libvirt save image",
  },
  against: {
    type: "string",
    value: "QEMU",
    text: "arguments of a QEMU, or its QMP address",
  },
  try: {
    type: "boolean",
    text: "also let that QEMU load all of FILE, to be sure",
  },
  ...SNAPSHOT_OPTIONS,
} as const;

const USES = optionUses(OPTIONS, {
  ways: {
    "without --devices and --against": [...SNAPSHOT_NAMES, "map", "xml"],
    "with --devices": ["offset", ...PLACE_NAMES, "devices", "json"],
    "with --against": [...SNAPSHOT_NAMES, "against", "try"],
  },
  needs: { try: ["against"] },
});

/** `info FILE` */
export const info: Command = {
  options: OPTIONS,
  uses: USES,
  usage: [
    "info FILE|URL [options]",
    "info FILE|URL --devices [options]",
    'info FILE|URL --against "QEMU ARGS..." [--try] [options]',
    "info FILE|URL --against unix:PATH|tcp:HOST:PORT [options]",
  ],
  about: `\
Prints the contents of a snapshot: machine, capabilities, RAMBlocks with their
pages, device sections, and its size on disk. It reads headers and bitmaps, but
no page; --digest checks what it reads, and "verify --digest" all of FILE.

With --devices it prints the state of each device instead, field by field; in its
JSON, 64-bit integers are strings and bytes are {"hex": ...}.

With --against it reports whether the snapshot will load in a QEMU, and if not,
why, and prints the commands that run it. QEMU is started with these arguments
and its guest stopped, and saves its own empty state for comparison. For a QEMU
that waits with -incoming defer, give the address of its QMP socket instead. A
difference is "refused" by QEMU, "wrong" if QEMU may load it but not as the same
machine, or a "note". In the printed commands the arguments are corrected if an
option can do that. Exit code 1: it will not load as the same machine.`,
  examples: [
    "info vm.mr --map",
    'info vm.mr --against "-machine q35 -m 4G -smp 2"',
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(joinAgainst(args), OPTIONS);
    const { FILE } = takePositionals(positionals, "FILE");
    const { against, devices = false, json = false } = values;
    checkUses(USES, wayOf(values), values);
    const options = { ...openOptions(values), signal };
    const place = placeOf(FILE, values);
    const { verity } = place;
    using opened = await openSource(place, { signal });
    const code = await show(opened);
    opened.source.checkUnchanged?.();
    return code;

    async function show(
      { source, disk, transfer }: OpenedPlace,
    ): Promise<number> {
      let snapshot: Snapshot;
      try {
        snapshot = await openSnapshot(source, options);
        if (disk !== undefined) {
          const { checkBases } = await import("../input/short_base.ts");
          await checkBases(disk, snapshot, { signal });
        }
      } catch (error) {
        if (!(error instanceof UnsupportedError) || against !== undefined) {
          throw await explainRefusal(error, source, { ...options, disk });
        }
        const { infoElsewhere } = await import("./info_elsewhere.ts");
        const { offset } = options;
        const elsewhere = { ...values, verity, offset, signal };
        return await infoElsewhere(source, error, elsewhere);
      }
      // Each of the three ways loads only the modules that it needs.
      if (devices) {
        const { printDevices } = await import("./info_devices.ts");
        await printDevices(snapshot, { verity, json, signal });
        return 0;
      }
      if (against !== undefined) {
        const { compareAgainst } = await import("./against.ts");
        const trying = values.try ?? false;
        const open = openOptions(values);
        const isPacked = disk !== undefined;
        const how = { open, place, isPacked, try: trying, json, signal };
        return await compareAgainst(snapshot, { against, ...how });
      }
      const { printOverview } = await import("./info_overview.ts");
      const { map = false, xml = false } = values;
      const how = { open: options, verity, map, xml, json, signal };
      await printOverview(FILE, snapshot, {
        opened: { disk, transfer },
        ...how,
      });
      return 0;
    }
  },
};

/**
 * Returns the way of using the command, by the first option that selects one.
 */
function wayOf(
  { devices, against }: {
    readonly devices?: boolean | undefined;
    readonly against?: string | undefined;
  },
): keyof typeof USES.ways {
  if (devices) return "with --devices";
  return against === undefined
    ? "without --devices and --against"
    : "with --against";
}

/** QEMU's arguments start with a dash, which values of options must not. */
function joinAgainst(args: readonly string[]): string[] {
  const at = args.indexOf("--against");
  const value = args[at + 1];
  if (at < 0 || value === undefined) return [...args];
  return args.toSpliced(at, 2, `--against=${value}`);
}
