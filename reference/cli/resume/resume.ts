import type { Snapshot } from "../../reading/mod.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { SNAPSHOT_OPTIONS_HELP } from "../input/snapshot_options.ts";
import { createOutput } from "../output/output_file.ts";
import type { Command } from "../program/command.ts";
import { signalExitCode, stoppedExitCode } from "../program/interrupted.ts";
import { createDevices } from "./create_devices.ts";
import { mapInstructions, printInstructions } from "./map_instructions.ts";
import { refuseRamOnly } from "./refuse_ram_only.ts";
import {
  RESUME_OPTIONS,
  RESUME_USES,
  type ResumeArguments,
  resumeArguments,
} from "./resume_arguments.ts";
import { resumeByMap } from "./resume_by_map.ts";
import { resumeByPostcopy } from "./resume_by_postcopy.ts";
import {
  attachDestination,
  type Destination,
  startDestination,
} from "./resume_destination.ts";
import { explainStart } from "./resume_failure.ts";
import { ResumeInterrupts } from "./resume_interrupts.ts";
import { resumeProfiles } from "./resume_profiles.ts";
import {
  ResumeEvents,
  ResumeLines,
  type ResumeReport,
} from "./resume_report.ts";
import { openResumeSource, type ResumeSource } from "./resume_source.ts";
import { chooseWay, type ChosenWay } from "./resume_way.ts";

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
There are two ways. By map, QEMU maps the RAM from FILE, which nobody may modify
while the guest runs. By postcopy, QEMU asks for each page that the guest touches
and gets the others in the background; until QEMU has all of them, the guest
needs this command. ADDRESS is unix:PATH or tcp:HOST:PORT.

Pass the arguments that the guest was saved with after --, without -incoming. That
QEMU gets the terminal, and resume exits with QEMU's exit code unless Ctrl-C or
kill ended it. With --qmp, resume drives a QEMU that was started with -incoming
defer. With --to alone, it sends the guest to a QEMU that was started with
-incoming ADDRESS and has postcopy-ram on.

  --via postcopy|map          default: map where it is possible, else postcopy
  --to ADDRESS                where QEMU listens, or with --qmp is to listen
  --qmp ADDRESS               the QMP socket of a waiting QEMU
  --paused                    leave the guest stopped; QMP's cont runs it
  --device-state OUT          with --via map: write to OUT what QEMU loads besides
                              the RAM, and print the commands that use it

By postcopy:
  --record PROFILE            record the pages that QEMU asks for, in order; with
                              --no-push these are all that the guest needs
  --replay PROFILE            push the pages of a profile first; repeatable
  --max-bandwidth RATE        bytes a second to push at most, such as 20M
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
    await refuseRamOnly(snapshot, request, { report, signal });
    if (way.via === "map" && isPrepared(request)) {
      return await prepareMap(snapshot, { request, way, report, signal });
    }
    report.way(way.via, way.reason);
    await using destination = await openDestination(way, {
      request,
      report,
      signal,
    });
    let unsaved: unknown;
    if (way.via === "postcopy") {
      unsaved = await resumeByPostcopy(snapshot, {
        request,
        destination,
        profiles,
        report,
        signal,
        bytesRead: opened.bytesRead,
        onNeeded: (needed) => {
          interrupts.loss = needed ? LOSS : undefined;
        },
      });
    } else if (destination !== undefined) {
      await resumeByMap(snapshot, way.plan, {
        request,
        destination,
        report,
        signal,
      });
    }
    using _ = way.via === "map" ? watch(opened, report) : undefined;
    const code = request.qemu === undefined || destination === undefined
      ? 0
      : await untilExit(destination, interrupts.signal);
    if (code === 0 && unsaved !== undefined) throw unsaved;
    return code;
  },
};

const LOSS =
  "The guest does not have all its pages yet, and dies without this " +
  "command";

/** What the steps of the command have in common. */
interface Context {
  readonly request: ResumeArguments;
  readonly report: ResumeReport;
  readonly signal: AbortSignal;
}

/** Whether somebody else will start QEMU, and tell it what to do. */
function isPrepared({ qemu, qmp }: ResumeArguments): boolean {
  return qemu === undefined && qmp === undefined;
}

async function prepareMap(
  snapshot: Snapshot,
  { request, way, report, signal }: Context & {
    readonly way: ChosenWay & { readonly via: "map" };
  },
): Promise<number> {
  const { deviceState: out = "", file, force, json } = request;
  const sink = createOutput(out, { force, inputs: [file] });
  await createDevices(snapshot, sink, { plan: way.plan, report, signal });
  printInstructions(mapInstructions(way.plan, out), json);
  return 0;
}

/** The QEMU that is told what to do, started or found. */
async function openDestination(
  way: ChosenWay,
  { request, report, signal }: Context,
): Promise<Destination | undefined> {
  const { qemu, qmp, json } = request;
  try {
    if (qmp !== undefined) return await attachDestination(qmp, signal);
    if (qemu === undefined) return undefined;
    return await startDestination({
      program: qemu.program,
      args: way.via === "map" ? way.plan.args : qemu.args,
    }, {
      stdio: json ? "ignore" : "inherit",
      onStderr: (text) => report.qemuSays(text),
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw explainStart(error, request);
  }
}

/** Whether QEMU writes to the terminal that we would draw on. */
function sharesTerminal({ qemu }: ResumeArguments): boolean {
  return qemu?.args.some((arg) =>
    /stdio|^--?nographic$|curses|\/dev\/(tty|stdout|stderr)/.test(arg)
  ) ?? false;
}

/** Milliseconds between two looks at a file that is mapped. */
const WATCH_INTERVAL = 1000;

/** Says it if a file changes that a guest's RAM is mapped from. */
function watch(source: ResumeSource, report: ResumeReport): Disposable {
  const timer = setInterval(() => {
    try {
      source.source.checkUnchanged?.();
    } catch {
      clearInterval(timer);
      report.note(
        `${source.source.name} was written to: the guest may see other memory ` +
          "than it had, stop it and resume from a file that nobody writes to",
      );
    }
  }, WATCH_INTERVAL);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Waits until QEMU ends, or ends it; gives its exit code, or of the signal. */
async function untilExit(
  destination: Destination,
  signal: AbortSignal,
): Promise<number> {
  const end = () => void destination[Symbol.asyncDispose]();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const exit = await destination.gone;
  if (signal.aborted || exit === undefined) return stoppedExitCode(signal);
  return exit.code ?? signalExitCode(exit.signal ?? "");
}
