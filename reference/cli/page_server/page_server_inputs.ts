import type { BlockRun } from "../../../format/bitmap/mod.ts";
import { findOnlyBlock } from "../../reading/mod.ts";
import {
  loadProfile,
  mergeProfiles,
  profileRuns,
} from "../../working_set/mod.ts";
import { findBlock } from "../input/find_block.ts";
import { checkFlatImage } from "../input/flat_image.ts";
import { openSnapshotFile } from "../input/open_snapshot_file.ts";
import { openSource } from "../input/open_source.ts";
import { readOption } from "../program/usage_error.ts";
import type { PageServerArguments } from "./page_server_arguments.ts";

/**
 * Checks the input before any VM can connect: memory that the file does not
 * contain is refused, and so is a flat image in another format. Returns the
 * pages that the profiles load first.
 */
export async function prepareInputs(
  { place, flat, fromRaw, idstr, replay, open }: PageServerArguments,
  signal: AbortSignal,
): Promise<readonly BlockRun[]> {
  using opened = await openSource(place, { signal });
  const { source } = opened;
  if (flat) {
    if (!fromRaw) await checkFlatImage(source, { signal });
    return [];
  }
  const snapshot = await openSnapshotFile(source, {
    ...open,
    disk: opened.disk,
    signal,
  });
  const served = idstr === undefined
    ? readOption(
      "--block",
      () => findOnlyBlock(snapshot.blocks, { idstr, name: source.name }),
    )
    : findBlock(snapshot, idstr);
  if (served.ignored) await served.readInto(new Uint8Array(0), 0);
  if (replay.length === 0) return [];
  const profiles = [];
  for (const path of replay) {
    using opened = await openSource({ file: path, asIs: true }, { signal });
    profiles.push(await loadProfile(opened.source, { signal }));
  }
  return await profileRuns(mergeProfiles(profiles), snapshot, { signal });
}
