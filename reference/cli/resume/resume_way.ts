import { measureVerity } from "../../linux/mod.ts";
import {
  MappedResumeError,
  type MappedResumePlan,
  planMappedResume,
} from "../../mapping/mod.ts";
import { type QemuFacts, queryQemu } from "../../qemu/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import { isWebUrl, SourceError } from "../../sources/mod.ts";
import type { WaitOptions } from "../../work/mod.ts";
import type { QemuCommand } from "../input/qemu_command.ts";
import { joinWords } from "../input/split_words.ts";
import type { ResumeArguments } from "./resume_arguments.ts";
import type { ResumeSource } from "./resume_source.ts";

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
  // The file was checked before this QEMU was started.
  planMappedResume(snapshot, { args, qemu, isChecked: true });
}

/** What choosing the way needs besides the snapshot and the arguments. */
export interface WayOptions {
  /** What the snapshot is read from. */
  readonly opened: Pick<ResumeSource, "verified" | "disk">;
  /** The descriptor by which QEMU is to open the file. */
  readonly descriptor?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Chooses the way: the requested one, otherwise mapping if it is possible.
 *
 * @throws {MappedResumeError} if mapping was requested and is impossible
 * @throws {IntegrityError} if the file is checked first, and is damaged
 */
export async function chooseWay(
  snapshot: Snapshot,
  request: ResumeArguments,
  options: WayOptions,
): Promise<ChosenWay> {
  const { via, qemu, postcopyOnly } = request;
  const { file } = request.place;
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
  if (options.opened.disk !== undefined) {
    if (via === undefined) {
      return postcopy("QEMU maps plain files only, and this is a qcow2 image");
    }
    throw new MappedResumeError(file, {
      reason: "file",
      text: "it is a qcow2 image, and QEMU maps plain files; resume by " +
        "postcopy (--via postcopy), or unpack it first (convert)",
    });
  }
  try {
    return await planToMap(snapshot, request, options);
  } catch (error) {
    if (via === "map" || !(error instanceof MappedResumeError)) throw error;
    return postcopy(error.message);
  }
}

async function planToMap(
  snapshot: Snapshot,
  request: ResumeArguments,
  { opened, descriptor, signal }: WayOptions,
): Promise<MapWay> {
  const { qemu, json } = request;
  const { verity } = request.place;
  const file = JSON.stringify(request.place.file);
  const options = {
    args: qemu?.args ?? [],
    // One that is started here is asked if it fails, see `checkMapper`.
    qemu: qemu === undefined
      ? await queryQemu(undefined, { signal })
      : undefined,
    descriptor,
    measureVerity,
  };
  const way = (plan: MappedResumePlan, reason: string): MapWay => ({
    via: "map",
    reason: `QEMU maps the RAM from ${file}, ${reason}`,
    plan,
  });
  const isStill = "must not change while the guest runs";
  try {
    const plan = planMappedResume(snapshot, options);
    const reason = verity === undefined
      ? `which ${isStill}`
      : `whose pages the kernel checks against ${verity.digest}`;
    return way(plan, reason);
  } catch (error) {
    const isUnchecked = error instanceof MappedResumeError &&
      error.reason === "digest";
    if (!isUnchecked || request.via === undefined) throw error;
    if (!request.verifyFirst) throw withOptions(error, request);
    if (opened.verified === undefined) throw error;
    const { checkWholeFile } = await import("../input/check_whole_file.ts");
    await checkWholeFile(opened.verified, { snapshot, json, signal });
    const plan = planMappedResume(snapshot, { ...options, isChecked: true });
    return way(
      plan,
      `which agreed with ${verity?.digest} when it was checked just now, and ` +
        isStill,
    );
  }
}

/** Names the option or the command for each remedy of the message. */
function withOptions(
  { message }: MappedResumeError,
  { place: { file } }: ResumeArguments,
): SourceError {
  const enable = joinWords(["fsverity", "enable", file]);
  return new SourceError(
    file,
    `${message} (${enable}, --verify-first, or --via postcopy)`,
  );
}
