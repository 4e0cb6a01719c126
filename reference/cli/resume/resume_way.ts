import {
  MappedResumeError,
  type MappedResumePlan,
  planMappedResume,
} from "../../mapping/mod.ts";
import { queryQemu } from "../../qemu/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import { isWebUrl } from "../../sources/mod.ts";
import type { ResumeArguments } from "./resume_arguments.ts";

/** The way in which a guest is resumed, and why. */
export type ChosenWay =
  | { readonly via: "postcopy"; readonly reason: string }
  | {
    readonly via: "map";
    readonly reason: string;
    readonly plan: MappedResumePlan;
  };

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
      qemu: await queryQemu(qemu?.program, { signal }),
    });
    const reason = `QEMU maps the RAM from ${JSON.stringify(file)}, which ` +
      "must not change while the guest runs";
    return { via: "map", reason, plan };
  } catch (error) {
    if (via === "map" || !(error instanceof MappedResumeError)) throw error;
    return postcopy(error.message);
  }
}
