import { diffSnapshots, type DiffSummary } from "../../comparing/mod.ts";
import { parseNumber } from "../input/number_argument.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { openSource } from "../input/open_source.ts";
import { placeOf, placeOptions } from "../input/place_options.ts";
import {
  JSON_EVENTS_OPTION,
  offsetOption,
  openingOptions,
  openOptions,
} from "../input/snapshot_options.ts";
import { workOptions } from "../input/work_options.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { ProgressEvents } from "../output/progress_events.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import { checkUses, optionUses } from "../program/option_ways.ts";
import { DiffEvents } from "./diff_events.ts";
import { DiffLines } from "./diff_lines.ts";

const { offset: _, ...BITMAP_OPTIONS } = openingOptions("A and B");
const OF_A = placeOptions("A", "-a");
const OF_B = placeOptions("B", "-b");

const OPTIONS = {
  map: {
    type: "boolean",
    text: "draw a map of the pages that differ",
  },
  all: {
    type: "boolean",
    text: "list all pages and fields that differ, not only the first ones",
  },
  jobs: {
    type: "string",
    value: "N",
    text: "threads; default: one per processor",
  },
  "digest-a": OF_A.digest,
  "verity-a": OF_A.verity,
  "offset-a": offsetOption("A"),
  "digest-b": OF_B.digest,
  "verity-b": OF_B.verity,
  "offset-b": offsetOption("B"),
  "allow-backing": placeOptions("A or B")["allow-backing"],
  ...BITMAP_OPTIONS,
  json: JSON_EVENTS_OPTION,
} as const;

const { map: _map, all: _all, json: _json, ...SHARED_OPTIONS } = OPTIONS;
const SHARED_NAMES = Object.keys(SHARED_OPTIONS) as readonly (
  keyof typeof SHARED_OPTIONS
)[];

const USES = optionUses(OPTIONS, {
  ways: {
    "without --json": [...SHARED_NAMES, "map", "all"],
    "with --json": [...SHARED_NAMES, "json"],
  },
  needs: { "verity-a": ["digest-a"], "verity-b": ["digest-b"] },
});

/** The exit code if they differ. */
const DIFFERENT = 1;
/** The exit code of a failure, and if some pages could not be compared. */
const TROUBLE = 2;

/** `diff A B` */
export const diff: Command = {
  options: OPTIONS,
  uses: USES,
  failureCode: TROUBLE,
  usage: ["diff A B [options]"],
  about: `\
Compares two snapshots: machine and RAMBlocks, the pages of each RAMBlock with
their guest-physical addresses, and the state of devices, field by field. A page
has "appeared" if it is zero in A only, "vanished" if it is zero in B only, and
otherwise "changed". Where things are in the files does not matter, nor whether
a page that is zero is in one of them.

What is known to be the same is not read: pages in the same backing file of
qcow2 images, and, on XFS and Btrfs, in extents that both files share, as after
"cp --reflink".

Exit codes, as of diff: 0: the same; 1: different; 2: they could not be compared,
or wrong usage; and 3: one does not agree with its digest.`,
  operands: {
    "A, B": "paths or URLs of snapshots",
  },
  examples: [
    "diff vm.mr later.mr",
    "diff vm.qcow2 https://host/later.qcow2 --json",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, OPTIONS);
    const { A, B } = takePositionals(positionals, "A", "B");
    const { json = false, map = false, all = false } = values;
    checkUses(USES, json ? "with --json" : "without --json", values);
    const { jobs } = workOptions({ jobs: values.jobs });
    const inputA = inputOf(A, values, "a");
    const inputB = inputOf(B, values, "b");
    using openedA = await openSource(inputA.place, { signal });
    using openedB = await openSource(inputB.place, { signal });
    const [a, b] = await Promise.all([
      openSnapshotFile(openedA.source, {
        ...inputA.open,
        disk: openedA.disk,
        signal,
      }),
      openSnapshotFile(openedB.source, {
        ...inputB.open,
        disk: openedB.disk,
        signal,
      }),
    ]);
    const output = json
      ? new DiffEvents(inputA.place, inputB.place)
      : new DiffLines(a, b, { map, all });
    const { sharedExtents } = await import("../../linux/mod.ts");
    const summary = await compare();
    await output.finish(a.source.name, b.source.name, summary);
    return summary.same === undefined ? TROUBLE : summary.same ? 0 : DIFFERENT;

    async function compare(): Promise<DiffSummary> {
      using bar = json ? new ProgressEvents() : new ProgressBar("Comparing");
      return await diffSnapshots(a, b, {
        jobs,
        sharedExtents,
        // Lines are printed meanwhile.
        onProgress: all ? undefined : bar.show,
        onDifference: (it) => output.show(it, signal),
        signal,
      });
    }
  },
};

/** Returns how to open one of the inputs. */
function inputOf(
  file: string,
  values: ReturnType<typeof parse<typeof OPTIONS>>["values"],
  side: "a" | "b",
) {
  const [digest, verity, offset] = side === "a"
    ? [values["digest-a"], values["verity-a"], values["offset-a"]]
    : [values["digest-b"], values["verity-b"], values["offset-b"]];
  const { verity: found, ...place } = placeOf(file, {
    digest,
    verity,
    "allow-backing": values["allow-backing"],
  });
  const option = `--digest-${side}`;
  const at = offset === undefined
    ? undefined
    : parseNumber(`--offset-${side}`, offset);
  return {
    place: { ...place, verity: found && { ...found, option } },
    open: { ...openOptions(values), offset: at },
  };
}
