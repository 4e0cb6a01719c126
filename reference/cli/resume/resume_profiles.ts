import type { BlockRun } from "../../../format/bitmap/mod.ts";
import {
  type WorkingSetProfile,
  writeProfile,
} from "../../../format/profile/mod.ts";
import type { Snapshot } from "../../reading/mod.ts";
import {
  loadProfile,
  mergeProfiles,
  profileRuns,
  snapshotIdentity,
  WorkingSetRecorder,
} from "../../working_set/mod.ts";
import { openSource } from "../input/open_source.ts";
import { filesOf } from "../input/place_options.ts";
import { checkOutput, writeOutput } from "../output/output_file.ts";
import type { ResumeArguments } from "./resume_arguments.ts";

/** The pages to push first, and the record of requested pages. */
export interface ResumeProfiles {
  /** Runs of the profiles that are replayed, merged. */
  readonly first: readonly BlockRun[];
  /** Records requested pages; undefined without `--record`. */
  readonly recorder: WorkingSetRecorder | undefined;
  /** Writes the record; returns the number of its pages. */
  save(): Promise<number>;
}

/** Reads the profiles of `--replay`, and starts that of `--record`. */
export async function resumeProfiles(
  { place, record, replay, force }: ResumeArguments,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<ResumeProfiles> {
  if (record !== undefined) {
    const inputs = [...filesOf(place), ...replay];
    checkOutput(record, { force, inputs });
  }
  const { digest } = snapshot.source;
  const isNeeded = record !== undefined || replay.length > 0;
  const identity = isNeeded ? await snapshotIdentity(snapshot, { signal }) : "";
  const profiles: WorkingSetProfile[] = [];
  for (const path of replay) {
    const profile = await readProfileAt(path, signal);
    checkIdentity(profile, { path, file: place.file, identity, digest });
    profiles.push(profile);
  }
  const first = profiles.length === 0 ? [] : await profileRuns(
    mergeProfiles(profiles),
    snapshot,
    { identity, signal },
  );
  const recorder = record === undefined
    ? undefined
    : new WorkingSetRecorder(snapshot.blocks);
  return {
    first,
    recorder,
    async save(): Promise<number> {
      if (record === undefined || recorder === undefined) return 0;
      const text = writeProfile(recorder.profile(identity, { digest }));
      await writeOutput(record, text, { force, inputs: [] });
      return recorder.pageCount;
    },
  };
}

async function readProfileAt(
  path: string,
  signal: AbortSignal,
): Promise<WorkingSetProfile> {
  using opened = await openSource({ file: path, asIs: true }, { signal });
  return await loadProfile(opened.source, { signal });
}

function checkIdentity(
  profile: WorkingSetProfile,
  { path, file, identity, digest = profile.digest }: {
    readonly path: string;
    readonly file: string;
    readonly identity: string;
    readonly digest: string | undefined;
  },
): void {
  const refuse = (found: string, expected: string): never => {
    throw new RangeError(
      `Cannot replay ${JSON.stringify(path)}: it was recorded from snapshot ` +
        `${short(found)}, and ${JSON.stringify(file)} is ${short(expected)}; ` +
        "record one from this snapshot",
    );
  };
  if (profile.snapshot !== identity) refuse(profile.snapshot, identity);
  if (profile.digest === undefined || digest === undefined) return;
  if (profile.digest !== digest) refuse(profile.digest, digest);
}

/** Returns the start of an identity or a digest, enough to distinguish two. */
function short(identity: string): string {
  return `${identity.slice(0, 20)}…`;
}
