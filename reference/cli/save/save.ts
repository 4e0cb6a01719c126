import { saveSnapshot, type SaveSummary } from "../../saving/mod.ts";
import { checkSealed } from "../input/seal_option.ts";
import { sidecarsOf } from "../input/place_options.ts";
import { refuseDirectIo, workOptions } from "../input/work_options.ts";
import { allocatedBytes } from "../output/file_stat.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { printMessage } from "../output/output.ts";
import { checkOutput, createOutput } from "../output/output_file.ts";
import { isPackedName, packByName } from "../output/pack_by_name.ts";
import { printable } from "../output/printable.ts";
import { ProgressBar } from "../output/progress_bar.ts";
import { printEvent, ProgressEvents } from "../output/progress_events.ts";
import { type Command, parse, takePositionals } from "../program/command.ts";
import { checkUses } from "../program/option_ways.ts";
import { UsageError } from "../program/usage_error.ts";
import { saveArguments } from "./save_arguments.ts";
import { saveDemonstration } from "./save_demonstration.ts";
import { OpenedSources, openInputs } from "./save_inputs.ts";
import { SAVE_OPTIONS, SAVE_USES } from "./save_options.ts";

/** `save [OUT]` */
export const save: Command = {
  options: SAVE_OPTIONS,
  uses: SAVE_USES,
  usage: [
    "save OUT --block IDSTR=IMAGE... [options]",
    "save [--live] [--keep] [--json]",
  ],
  about: `\
Saves flat memory images as a snapshot that stock QEMU loads. Zero pages are not
stored. If OUT ends in .qcow2, the snapshot is packed. Without OUT it makes the
memory of a small guest, saves it to a temporary file, opens it lazily, compares
what it reads, and prints what it did.`,
  examples: [
    "save",
    "save out.mr --block pc.ram=memory.img --machine pc-i440fx-10.0",
    "save new.mr --device-state vm.mr --block pc.ram=changed.img",
  ],
  async run(args, { signal }) {
    const { values, positionals } = parse(args, SAVE_OPTIONS);
    const { force = false, json = false, resume = false } = values;
    if (positionals.length === 0) {
      checkUses(
        SAVE_USES,
        values.live
          ? "without OUT, with --live"
          : "without OUT, and without --live",
        values,
      );
      return await saveDemonstration(values, signal);
    }
    const { OUT } = takePositionals(positionals, "OUT");
    checkUses(
      SAVE_USES,
      values["device-state"] === undefined
        ? "with OUT, without --device-state"
        : "with OUT, and with --device-state, which determines it",
      values,
    );
    const saveArgs = saveArguments(values);
    for (const name of ["digest", "block-digest"] as const) {
      if (values[name] !== undefined) refuseDirectIo(values, `--${name}`);
    }
    const work = workOptions(values);
    const { jobs } = work;
    if (resume && isPackedName(OUT)) {
      throw new UsageError(
        "Cannot use --resume with a qcow2: the snapshot that is packed into it " +
          "is temporary; save it to a file of another name, then convert it",
      );
    }
    const { images, imageVerity, deviceState } = saveArgs;
    const { file: stateFile, verity } = deviceState?.place ?? {};
    // A snapshot may replace the one from which it has its device state.
    const inputs = [
      ...images.values(),
      ...sidecarsOf(...imageVerity.values(), verity),
    ];
    const output = { force, resume, inputs };
    checkOutput(OUT, output);
    checkSealed(OUT, values.seal, output);
    using opened = new OpenedSources();
    const { blocks, deviceStateFrom, padded } = await openInputs(
      saveArgs,
      opened,
      signal,
    );
    inputs.push(...opened.paths.filter((it) => it !== stateFile));
    const pageSize = deviceStateFrom?.blocks[0]?.pageSize ?? saveArgs.pageSize;
    const started = performance.now();
    const summary = await saveWithBar();
    const milliseconds = performance.now() - started;
    const allocated = allocatedBytes(OUT);
    for (const { idstr, usedLength, imageLength } of padded) {
      printMessage(
        `note: the image of ${printable(idstr)} has ` +
          `${formatBytes(imageLength)} of ${formatBytes(usedLength)}: the ` +
          "rest is zero",
      );
    }
    if (json) {
      printEvent("saved", {
        file: OUT,
        pageSize,
        milliseconds,
        ...summary,
        padded,
        allocatedBytes: allocated,
      });
    } else {
      const { printSaved } = await import("./print_saved.ts");
      printSaved(OUT, summary, pageSize, allocated, milliseconds);
    }
    if (values.seal) {
      const { sealOutput } = await import("../seal/print_sealed.ts");
      await sealOutput(OUT, { force, json, signal, jobs });
    }
    return 0;

    async function saveWithBar(): Promise<SaveSummary> {
      const file = createOutput(OUT, output);
      const sink = await packByName(file, { jobs, signal });
      using bar = json ? new ProgressEvents() : new ProgressBar("Saving");
      return await saveSnapshot(sink, blocks, {
        ...work,
        resume,
        pageSize,
        machine: saveArgs.machine,
        targetPageBits: saveArgs.targetPageBits,
        deviceStateFrom,
        signal,
        onProgress: bar.show,
      });
    }
  },
};
