import { checkpointSnapshot } from "../../checkpoint/mod.ts";
import { willNeed } from "../../system/mod.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { openSource } from "../input/open_source.ts";
import { checkSealed, SEAL_OPTION } from "../input/seal_option.ts";
import {
  JSON_EVENTS_OPTION,
  openingOptions,
  openOptions,
} from "../input/snapshot_options.ts";
import {
  filesOf,
  PLACE_NEEDS,
  placeOf,
  placeOptions,
} from "../input/place_options.ts";
import { JOBS_OPTION, workOptions } from "../input/work_options.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf, formatCount, formatShare } from "../output/format_count.ts";
import { formatTime } from "../output/format_time.ts";
import { printLog } from "../output/output.ts";
import { checkOutput, createOutput } from "../output/output_file.ts";
import { printable } from "../output/printable.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { printEvent, ProgressEvents } from "../output/progress_events.ts";
import { paint } from "../output/terminal.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import { explainClone, refuseOtherKinds } from "./checkpoint_refusals.ts";

const OPTIONS = {
  force: {
    type: "boolean",
    text: "replace OUT if it exists",
  },
  ...JOBS_OPTION,
  ...SEAL_OPTION,
  ...openingOptions("BASE and NEW"),
  ...placeOptions("NEW"),
  json: JSON_EVENTS_OPTION,
} as const;

/** `checkpoint BASE NEW OUT` */
export const checkpoint: Command = {
  options: OPTIONS,
  uses: { needs: PLACE_NEEDS },
  usage: [
    "checkpoint BASE NEW|URL OUT [options]",
  ],
  about: `\
Writes the snapshot NEW to OUT, which shares with BASE, an earlier snapshot of
the same machine, what is the same in both: the disk holds only what differs. OUT
is complete, and needs neither BASE nor NEW; pages that are not present are holes
in it.

BASE and OUT must be on one file system that can do this: XFS, Btrfs, or another
one with reflinks. On any other, convert --backing stores only what differs, in a
qcow2 image that needs its base.`,
  examples: [
    "checkpoint monday.mr tuesday.tmp tuesday.mr && rm tuesday.tmp",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, OPTIONS);
    const { BASE, NEW, OUT } = takePositionals(
      positionals,
      ...["BASE", "NEW", "OUT"] as const,
    );
    const { force = false, json = false } = values;
    const place = placeOf(NEW, values);
    const options = { ...openOptions(values), signal };
    const { jobs } = workOptions({ jobs: values.jobs });
    const inputs = [BASE, ...filesOf(place)];
    const output = { force, inputs };
    refuseOtherKinds({ BASE, OUT });
    checkOutput(OUT, output);
    checkSealed(OUT, values.seal, output);
    const started = performance.now();
    using base = await openSource({ file: BASE }, { signal, willNeed });
    using next = await openSource(place, { signal, willNeed });
    inputs.push(...next.paths);
    const earlier = await openSnapshotFile(base.source, options);
    const snapshot = await openSnapshotFile(next.source, {
      ...options,
      disk: next.disk,
    });
    const summary = await checkpointWithBar();
    const milliseconds = performance.now() - started;
    const { presentPages, changedPages, byteLength, writtenLength } = summary;
    if (json) {
      printEvent("checkpointed", {
        file: OUT,
        base: base.source.name,
        from: next.source.name,
        milliseconds,
        ...summary,
        transfer: next.transfer(),
      });
    } else {
      printLog(
        `${paint("green", "checkpointed")} ${printable(OUT)} in ` +
          `${formatTime(milliseconds)}: ${formatBytes(byteLength)} long; ` +
          `${formatCount(changedPages)} of ${countOf(presentPages, "page")} ` +
          `(${formatShare(changedPages, presentPages)}) differ from ` +
          `${printable(BASE)}; ${formatBytes(writtenLength)} written`,
      );
    }
    if (values.seal) {
      const { sealOutput } = await import("../seal/print_sealed.ts");
      await sealOutput(OUT, { force, json, signal, jobs });
    }
    return 0;

    async function checkpointWithBar() {
      const sink = createOutput(OUT, output);
      using bar = json ? new ProgressEvents() : new ProgressBar("Comparing");
      try {
        return await checkpointSnapshot(snapshot, sink, {
          base: earlier,
          jobs,
          signal,
          onProgress: bar.show,
        });
      } catch (error) {
        throw explainClone(error, { BASE, NEW, OUT });
      }
    }
  },
};
