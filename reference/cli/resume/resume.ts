import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import type { Command } from "../program/command.ts";
import { MappedResumeError } from "../../mapping/mod.ts";
import { PinnedFile } from "./pinned_file.ts";
import { refuseRamOnly } from "./refuse_ram_only.ts";
import { type ResumeArguments, resumeArguments } from "./resume_arguments.ts";
import { explainStart } from "./resume_failure.ts";
import { ResumeInterrupts } from "./resume_interrupts.ts";
import { RESUME_OPTIONS, RESUME_USES } from "./resume_options.ts";
import { resumeProfiles } from "./resume_profiles.ts";
import { ResumeEvents, ResumeLines } from "./resume_report.ts";
import { openResumeSource } from "./resume_source.ts";
import { chooseWay } from "./resume_way.ts";
import { prepareMapping, runByPostcopy, runMapped } from "./run_resume.ts";

/** `resume FILE` */
export const resume: Command = {
  options: RESUME_OPTIONS,
  uses: RESUME_USES,
  usage: [
    "resume FILE|URL [options] -- [QEMU] QEMU-ARGS...",
    "resume FILE|URL [options] --qmp ADDRESS [--to ADDRESS]",
    "resume FILE|URL [options] --to ADDRESS",
    "resume FILE --via map --out OUT",
  ],
  about: `\
Runs a saved guest in an unmodified QEMU within milliseconds, whatever its size.
There are two ways. By map, QEMU maps the RAM from FILE, a local file and no
qcow2 image, which must not change while the guest runs. By postcopy, QEMU asks for each page that the guest touches
and gets the others in the background; until QEMU has all of them, the guest
needs this command. ADDRESS is unix:PATH or tcp:HOST:PORT.

Pass the arguments that the guest was saved with after --, without -incoming. That
QEMU gets the terminal, and resume exits with QEMU's exit code unless Ctrl-C or
kill ended it. With --qmp, resume drives a QEMU that was started with -incoming
defer. With --to alone, it sends the guest to a QEMU that was started with
-incoming ADDRESS and has postcopy-ram on.`,
  notes: `\
With --json each line is an event: way, running, progress each second, note,
untrusted, done.`,
  examples: [
    "resume vm.mr -- -M q35 -m 4G -nographic",
    "resume https://example.com/vm.mr -- -M q35 -m 4G -nographic",
    "resume vm.mr --qmp unix:/run/vm/qmp.sock",
  ],
  async run(args) {
    const request = resumeArguments(args);
    using interrupts = new ResumeInterrupts();
    const { signal } = interrupts;
    using opened = await openResumeSource(request.place, { signal });
    const snapshot = await openSnapshotFile(opened.source, {
      ...request.open,
      disk: opened.disk,
      signal,
    });
    const report = request.json
      ? new ResumeEvents()
      : new ResumeLines(sharesTerminal(request));
    interrupts.tell = (text) => report.note(text);
    const profiles = await resumeProfiles(request, snapshot, signal);
    using pinned = PinnedFile.open(request);
    const way = await chooseWay(snapshot, request, {
      opened,
      descriptor: pinned?.descriptor,
      signal,
    }).catch((error) => {
      throw explainStart(error, request);
    });
    const context = { request, report, signal };
    await refuseRamOnly(snapshot, request, context);
    if (way.via === "map" && isPrepared(request)) {
      return await prepareMapping(snapshot, way.plan, context);
    }
    let { reason } = way;
    if (way.via === "map") {
      try {
        return await runMapped(snapshot, way, { ...context, opened });
      } catch (error) {
        const isUnable = error instanceof MappedResumeError;
        if (!isUnable || request.via === "map") throw error;
        reason = error.message;
      }
    }
    report.way("postcopy", reason);
    return await runByPostcopy(snapshot, {
      ...context,
      profiles,
      bytesRead: opened.bytesRead,
      onNeeded(needed) {
        interrupts.loss = needed ? LOSS : undefined;
      },
    });
  },
};

const LOSS =
  "The guest does not have all its pages yet, and fails without this " +
  "command";

/** Whether the user will start QEMU and send it the QMP commands. */
function isPrepared({ qemu, qmp }: ResumeArguments): boolean {
  return qemu === undefined && qmp === undefined;
}

/** Whether QEMU writes to the terminal on which progress would be drawn. */
function sharesTerminal({ qemu }: ResumeArguments): boolean {
  return qemu?.args.some((arg) =>
    /stdio|^--?nographic$|curses|\/dev\/(tty|stdout|stderr)/.test(arg)
  ) ?? false;
}
