import {
  MappedResumeError,
  type MappedResumePlan,
  planMappedResume,
} from "../../mapping/mod.ts";
import { type QemuFacts, queryQemu } from "../../qemu/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import { isWebUrl } from "../../sources/mod.ts";
import type { WaitOptions } from "../../work/mod.ts";
import type { QemuCommand } from "../input/qemu_command.ts";
import type { ResumeArguments } from "./resume_arguments.ts";

/** The way in which a guest is resumed, and why. */
export type ChosenWay =
  | { readonly via: "postcopy"; readonly reason: string }
  | MapWay;

/** Resuming by map. */
export interface MapWay {
  readonly via: "map";
  readonly reason: string;
  readonly plan: MappedResumePlan;
}

/** Milliseconds for a QEMU that has failed to report what it is able to do. */
const ASK_TIMEOUT = 10_000;

/**
 * Checks whether a QEMU is able to map the RAM of a snapshot, if it can be
 * asked.
 *
 * @throws {MappedResumeError} if it is not
 */
export async function checkMapper(
  snapshot: Snapshot,
  { program, args }: QemuCommand,
  { signal, timeout = ASK_TIMEOUT }: WaitOptions,
): Promise<void> {
  let qemu: QemuFacts;
  try {
    qemu = await queryQemu(program, { signal, timeout });
  } catch {
    signal?.throwIfAborted();
    return;
  }
  planMappedResume(snapshot, { args, qemu });
}

/**
 * Chooses the way: the requested one, otherwise mapping if it is possible.
 *
 * @throws {MappedResumeError} if mapping was requested and is impossible
 */
export async function chooseWay(
  snapshot: Snapshot,
  request: ResumeArguments,
  signal: AbortSignal,
): Promise<ChosenWay> {
  const { via, qemu, postcopyOnly, file } = request;
  const postcopy = (reason: string): ChosenWay => ({ via: "postcopy", reason });
  if (via === "postcopy") return postcopy("as requested");
  if (via === undefined) {
    if (qemu === undefined) {
      return postcopy(`QEMU gets its pages from this command`);
    }
    if (postcopyOnly !== undefined) {
      return postcopy(`--${postcopyOnly} needs it`);
    }
  }
  if (via === undefined && isWebUrl(file)) {
    return postcopy("QEMU maps files only, and this is a URL");
  }
  try {
    const plan = planMappedResume(snapshot, {
      args: qemu?.args ?? [],
      // One that is started here is asked if it fails, see `checkMapper`.
      qemu: qemu === undefined
        ? await queryQemu(undefined, { signal })
        : undefined,
    });
    const reason = `QEMU maps the RAM from ${JSON.stringify(file)}, which ` +
      "must not change while the guest runs";
    return { via: "map", reason, plan };
  } catch (error) {
    if (via === "map" || !(error instanceof MappedResumeError)) throw error;
    return postcopy(error.message);
  }
}
