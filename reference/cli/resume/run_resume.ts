import type { MappedResumePlan } from "../../mapping/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import { filesOf } from "../input/place_options.ts";
import { createOutput } from "../output/output_file.ts";
import { signalExitCode, stoppedExitCode } from "../program/interrupted.ts";
import { createDevices } from "./create_devices.ts";
import { mapInstructions, printInstructions } from "./map_instructions.ts";
import type { ResumeArguments } from "./resume_arguments.ts";
import { PendingDevices } from "./pending_devices.ts";
import { resumeByMap } from "./resume_by_map.ts";
import {
  type PostcopySession,
  resumeByPostcopy,
} from "./resume_by_postcopy.ts";
import {
  attachDestination,
  type Destination,
  startDestination,
} from "./resume_destination.ts";
import { explainStart } from "./resume_failure.ts";
import type { ResumeReport } from "./resume_report.ts";
import type { ResumeSource } from "./resume_source.ts";
import { checkMapper, type MapWay } from "./resume_way.ts";

/** Values that the steps of the command share. */
export interface ResumeContext {
  readonly request: ResumeArguments;
  readonly report: ResumeReport;
  readonly signal: AbortSignal;
}

/** Writes what a QEMU loads besides the RAM, and prints how to start it. */
export async function prepareMapping(
  snapshot: Snapshot,
  plan: MappedResumePlan,
  { request, report, signal }: ResumeContext,
): Promise<number> {
  const { out = "", place, force, json } = request;
  const inputs = filesOf(place);
  const sink = createOutput(out, { force, inputs });
  await createDevices(snapshot, sink, { plan, report, signal });
  printInstructions(mapInstructions(plan, out), json);
  return 0;
}

/**
 * Resumes a guest whose RAM QEMU maps from the file. Returns the exit code, once
 * QEMU has ended if it was started here.
 *
 * @throws {MappedResumeError} if this QEMU is unable to map it
 */
export async function runMapped(
  snapshot: Snapshot,
  { plan, reason }: MapWay,
  { opened, ...context }: ResumeContext & { readonly opened: ResumeSource },
): Promise<number> {
  await using devices = new PendingDevices(snapshot, plan, context);
  await using destination = await withMapper(
    snapshot,
    context,
    () => openDestination(plan.args, context),
  );
  context.report.way("map", reason);
  if (destination !== undefined) {
    const session = { ...context, destination, devices };
    await withMapper(snapshot, context, () => resumeByMap(plan, session));
  }
  await devices[Symbol.asyncDispose]();
  using _ = watch(opened, context.report);
  return await exitCodeOf(destination, {
    ...context,
    onSignal(signal) {
      if (signal !== "SIGBUS") return;
      context.report.note(
        `QEMU was killed by SIGBUS: it accessed a page of ${plan.path} that ` +
          "cannot be read, because of an I/O error, because the file became " +
          "shorter, or because fs-verity refuses it",
      );
    },
  });
}

/**
 * Resumes a guest by postcopy. Returns the exit code, once QEMU has ended if it
 * was started here.
 */
export async function runByPostcopy(
  snapshot: Snapshot,
  session: Omit<PostcopySession, "destination">,
): Promise<number> {
  const args = session.request.qemu?.args ?? [];
  await using destination = await openDestination(args, session);
  const unsaved = await resumeByPostcopy(snapshot, { ...session, destination });
  const code = await exitCodeOf(destination, session);
  if (code === 0 && unsaved !== undefined) throw unsaved;
  return code;
}

/**
 * Does a part of mapping. If it fails, asks the QEMU that was started for it
 * whether it is able to map: to ask before takes as long as to start it.
 */
async function withMapper<T>(
  snapshot: Snapshot,
  { request: { qemu }, signal }: ResumeContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (qemu !== undefined) await checkMapper(snapshot, qemu, { signal });
    throw error;
  }
}

/** Starts a QEMU, or connects to a running one. */
async function openDestination(
  args: readonly string[],
  { request, report, signal }: ResumeContext,
): Promise<Destination | undefined> {
  const { qemu, qmp, json } = request;
  try {
    if (qmp !== undefined) return await attachDestination(qmp, signal);
    if (qemu === undefined) return undefined;
    return await startDestination({ program: qemu.program, args }, {
      stdio: json ? "ignore" : "inherit",
      onStderr: (text) => report.qemuSays(text),
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw explainStart(error, request);
  }
}

/** Milliseconds between two checks of a mapped file. */
const WATCH_INTERVAL = 1000;

/** Reports a change of a file from which a guest's RAM is mapped. */
function watch(source: ResumeSource, report: ResumeReport): Disposable {
  const timer = setInterval(() => {
    try {
      source.source.checkUnchanged?.();
    } catch {
      clearInterval(timer);
      report.note(
        `${source.source.name} was modified: the guest may see wrong memory; ` +
          "stop it, and resume from a file that does not change",
      );
    }
  }, WATCH_INTERVAL);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Options of waiting for QEMU's end. */
interface ExitOptions extends ResumeContext {
  /** Called with the name of the signal that ended QEMU, if one did. */
  readonly onSignal?: (signal: string) => void;
}

async function exitCodeOf(
  destination: Destination | undefined,
  options: ExitOptions,
): Promise<number> {
  const isOurs = options.request.qemu !== undefined &&
    destination !== undefined;
  return isOurs ? await untilExit(destination, options) : 0;
}

/** Waits until QEMU ends, or stops it; returns the exit code. */
async function untilExit(
  destination: Destination,
  { signal, onSignal }: ExitOptions,
): Promise<number> {
  const end = () => void destination[Symbol.asyncDispose]();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const exit = await destination.gone;
  if (signal.aborted || exit === undefined) return stoppedExitCode(signal);
  if (exit.code !== null) return exit.code;
  const name = exit.signal ?? "";
  onSignal?.(name);
  return signalExitCode(name);
}
