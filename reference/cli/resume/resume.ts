import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { SNAPSHOT_OPTIONS_HELP } from "../input/snapshot_options.ts";
import type { Command } from "../program/command.ts";
import { refuseRamOnly } from "./refuse_ram_only.ts";
import {
  RESUME_OPTIONS,
  RESUME_USES,
  type ResumeArguments,
  resumeArguments,
} from "./resume_arguments.ts";
import { explainStart } from "./resume_failure.ts";
import { ResumeInterrupts } from "./resume_interrupts.ts";
import { resumeProfiles } from "./resume_profiles.ts";
import { ResumeEvents, ResumeLines } from "./resume_report.ts";
import { openResumeSource } from "./resume_source.ts";
import { chooseWay } from "./resume_way.ts";
import { prepareMapping, runByPostcopy, runMapped } from "./run_resume.ts";

/** `resume FILE` */
export const resume: Command = {
  options: RESUME_OPTIONS,
  uses: RESUME_USES,
  help: `\
Usage: deno task resume FILE|URL [options] -- [QEMU] QEMU-ARGS...
       deno task resume FILE|URL [options] --qmp ADDRESS [--to ADDRESS]
       deno task resume FILE|URL [options] --to ADDRESS
       deno task resume FILE --via map --device-state OUT

Runs a saved guest in an unmodified QEMU within milliseconds, whatever its size.
There are two ways. By map, QEMU maps the RAM from FILE, which must not change
while the guest runs. By postcopy, QEMU asks for each page that the guest touches
and gets the others in the background; until QEMU has all of them, the guest
needs this command. ADDRESS is unix:PATH or tcp:HOST:PORT.

Pass the arguments that the guest was saved with after --, without -incoming. That
QEMU gets the terminal, and resume exits with QEMU's exit code unless Ctrl-C or
kill ended it. With --qmp, resume drives a QEMU that was started with -incoming
defer. With --to alone, it sends the guest to a QEMU that was started with
-incoming ADDRESS and has postcopy-ram on.

  --via postcopy|map          default: map if possible, otherwise postcopy
  --to ADDRESS                where QEMU listens, or with --qmp will listen
  --qmp ADDRESS               the QMP socket of a waiting QEMU
  --paused                    leave the guest stopped; QMP's cont runs it
  --device-state OUT          with --via map: write to OUT what QEMU loads besides
                              the RAM, and print the commands that use it

By postcopy:
  --record PROFILE            record the pages that QEMU asks for, in order; with
                              --no-push these are all that the guest needs
  --replay PROFILE            push the pages of a profile first; repeatable
  --max-bandwidth RATE        maximum bytes per second to push, such as 20M
  --no-push                   send only pages that QEMU asks for
  --retry-for SECONDS         how long to retry a failed read; default: 60
  --drop-dirty-bitmaps        do not send the dirty bitmaps of block devices
  --preempt                   use a separate channel for requested pages
  --page-size IDSTR=SIZE      with --to alone: a RAMBlock in huge pages

  --force                     replace existing files
${SNAPSHOT_OPTIONS_HELP}

With --json each line is an event: way, running, progress each second, note, done.

Example: deno task resume vm.mr -- -M q35 -m 4G -nographic
         deno task resume https://example.com/vm.mr -- -M q35 -m 4G -nographic
         deno task resume vm.mr --qmp unix:/run/vm/qmp.sock`,
  async run(args) {
    const request = resumeArguments(args);
    using interrupts = new ResumeInterrupts();
    await using opened = await openResumeSource(
      request.file,
      interrupts.signal,
    );
    const { signal } = interrupts;
    const snapshot = await openSnapshotFile(opened.source, {
      ...request.open,
      signal,
    });
    const report = request.json
      ? new ResumeEvents()
      : new ResumeLines(sharesTerminal(request));
    interrupts.tell = (text) => report.note(text);
    const profiles = await resumeProfiles(request, snapshot, signal);
    const way = await chooseWay(snapshot, request, signal)
      .catch((error) => {
        throw explainStart(error, request);
      });
    const context = { request, report, signal };
    await refuseRamOnly(snapshot, request, context);
    if (way.via === "map" && isPrepared(request)) {
      return await prepareMapping(snapshot, way.plan, context);
    }
    report.way(way.via, way.reason);
    if (way.via === "map") {
      return await runMapped(snapshot, way.plan, { ...context, opened });
    }
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
