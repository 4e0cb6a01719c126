import {
  cachedSource,
  openFileSource,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
  profileRuns,
  snapshotIdentity,
  WorkingSetRecorder,
} from "../../mod.ts";
import { startDelayingProxy } from "../http/delaying_proxy.ts";
import { findNginx, startNginx } from "../http/nginx_server.ts";
import type { LinuxSnapshot } from "../qemu/linux_snapshots.ts";
import type { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { resumeByPostcopy } from "./resumed_guest.ts";
import { interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const LATENCY = 20;

/** Over HTTP, with and without a working set that was recorded before. */
export async function resumeOverHttp(
  saved: LinuxSnapshot,
  scratch: ScratchDirectory,
): Promise<void> {
  if (findNginx() === undefined) return;
  const folder = saved.path.slice(0, saved.path.lastIndexOf("/"));
  const file = saved.path.slice(folder.length + 1);
  await using server = await startNginx(folder);
  const { origin } = new URL(server.url("plain", file));
  await using proxy = await startDelayingProxy(origin, LATENCY);
  const url = server.url("plain", file).replace(origin, proxy.origin);
  const profile = await record(saved, scratch.path);
  const answer = async (replay: boolean) => {
    const source = cachedSource(await openHttpSource(url));
    const snapshot = await openSnapshot(source);
    const runs = replay ? await profileRuns(profile, snapshot) : [];
    await using resumed = await resumeByPostcopy(snapshot, saved.args, {
      directory: scratch.path,
      pushFirst: runs,
      push: replay,
    });
    return await millisecondsOf(async () =>
      void await resumed.guest.run("true")
    );
  };
  const results = await interleave([
    { name: "first answer over HTTP", measure: () => answer(false) },
    {
      name: "with a working set replayed",
      measure: () => answer(true),
      goal: { of: "ratio", atMost: 0.33 },
    },
  ], 3);
  printResults(results, "ms");
}

/** The pages that the guest asks for until its first answer. */
async function record(saved: LinuxSnapshot, directory: string) {
  using source = openFileSource(saved.path);
  const snapshot = openSnapshotSync(source);
  const recorder = new WorkingSetRecorder(snapshot.blocks);
  await using resumed = await resumeByPostcopy(snapshot, saved.args, {
    ...{ directory, push: false },
    onRequest: ({ idstr, first, end }) => {
      for (let page = first; page < end; page++) recorder.record(idstr, page);
    },
  });
  await resumed.guest.run("true");
  return recorder.profile(await snapshotIdentity(snapshot));
}
