import {
  cachedSource,
  openFileSource,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
} from "../../mod.ts";
import {
  profileRuns,
  snapshotIdentity,
  WorkingSetRecorder,
} from "../../reference/doors/qemu.ts";
import { startDelayingProxy } from "../proving/http/delaying_proxy.ts";
import { findNginx, startNginx } from "../proving/http/nginx_server.ts";
import type { LinuxSnapshot } from "../proving/qemu/linux_snapshots.ts";
import type { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { resumeByPostcopy } from "./resumed_guest.ts";
import { interleave, median, millisecondsOf } from "./rounds.ts";
import { printResults, printRows } from "./table.ts";

const LATENCY = 20;

/** How a guest gets pages besides those that it requests. */
interface Way {
  readonly name: string;
  readonly push: boolean;
  readonly replay: boolean;
  /** Goal for its first answer, in milliseconds. */
  readonly goal?: number;
}

const WAYS: readonly Way[] = [
  { name: "only requested pages", push: false, replay: false },
  { name: "pushed", push: true, replay: false, goal: 2000 },
  { name: "pushed, a working set first", push: true, replay: true, goal: 600 },
];

/** The cost until a guest answered. */
interface Cost {
  readonly milliseconds: number;
  readonly requestedPages: number;
  readonly requests: number;
  readonly bytes: number;
}

/**
 * Measures resuming over HTTP: without pushing, with it, and with a working set
 * first.
 */
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
  const costs = new Map<string, Cost[]>(WAYS.map(({ name }) => [name, []]));
  const answer = async ({ name, push, replay }: Way) => {
    const http = await openHttpSource(url);
    const snapshot = await openSnapshot(cachedSource(http));
    const runs = replay ? await profileRuns(profile, snapshot) : [];
    await using resumed = await resumeByPostcopy(snapshot, saved.args, {
      directory: scratch.path,
      pushFirst: runs,
      push,
    });
    const milliseconds = await millisecondsOf(async () =>
      void await resumed.guest.run("true")
    );
    const { requestedPages } = resumed.source.statistics;
    const { requests, bytesReceived: bytes } = http;
    costs.get(name)?.push({ milliseconds, requestedPages, requests, bytes });
    return milliseconds;
  };
  console.log(`resume: first answer over HTTP, ${LATENCY} ms a request`);
  const results = await interleave(
    WAYS.map((way) => ({
      name: way.name,
      measure: () => answer(way),
      against: way.replay ? WAYS[1].name : WAYS[0].name,
      ...(way.goal === undefined
        ? {}
        : { goal: { of: "value", atMost: way.goal } as const }),
    })),
    3,
  );
  printResults(results, "ms");
  printCosts(costs);
}

/**
 * Prints what was transferred; without pushing, a guest gets only what it
 * needs.
 */
function printCosts(costs: ReadonlyMap<string, readonly Cost[]>): void {
  const of = (name: string, what: keyof Cost) =>
    median((costs.get(name) ?? []).map((it) => it[what]));
  const needed = of(WAYS[0].name, "bytes");
  printRows([
    ["until then", "pages requested", "requests", "MB", "of needed bytes"],
    ...WAYS.map(({ name, push }) => [
      name,
      String(of(name, "requestedPages")),
      String(of(name, "requests")),
      (of(name, "bytes") / 1e6).toFixed(1),
      `${(of(name, "bytes") / needed).toFixed(2)} ×${
        push ? " (goal ≤ 3)" : ""
      }`,
    ]),
  ]);
}

/** Records the pages that the guest requests until its first answer. */
async function record(saved: LinuxSnapshot, directory: string) {
  using source = openFileSource(saved.path);
  const snapshot = openSnapshotSync(source);
  const recorder = new WorkingSetRecorder(snapshot.blocks);
  await using resumed = await resumeByPostcopy(snapshot, saved.args, {
    directory,
    push: false,
    onRequest: ({ idstr, first, end }) => {
      for (let page = first; page < end; page++) recorder.record(idstr, page);
    },
  });
  await resumed.guest.run("true");
  return recorder.profile(await snapshotIdentity(snapshot));
}
