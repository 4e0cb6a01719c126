import { openSnapshot, type Snapshot } from "../../mod.ts";
import { openPlace } from "../../reference/doors/convert.ts";
import { startDelayingProxy } from "../proving/http/delaying_proxy.ts";
import { findNginx, startNginx } from "../proving/http/nginx_server.ts";
import type { LinuxSnapshot } from "../proving/qemu/linux_snapshots.ts";
import { printFigure } from "./figure_row.ts";
import { PAGE_SIZE, randomNumbers } from "./guest_memory.ts";
import { resumeByPostcopy } from "./resumed_guest.ts";
import { interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const LATENCY = 20;
const ROUNDS = 5;
const PAGES = 1000;

/** Measures reads of an image over HTTP, beside those of the plain file. */
export async function benchPackedHttp(
  saved: LinuxSnapshot,
  { folder, directory }: {
    /** Holds `vm.mr` and `vm.qcow2`. */
    readonly folder: string;
    readonly directory: string;
  },
): Promise<void> {
  if (findNginx() === undefined) {
    console.log("pack: HTTP is not measured, nginx is not installed");
    return;
  }
  await using server = await startNginx(folder);
  const { origin } = new URL(server.url("plain", "vm.mr"));
  await using proxy = await startDelayingProxy(origin, LATENCY);
  const open = (name: string) =>
    openPlace({
      file: server.url("plain", name).replace(origin, proxy.origin),
    });
  const files = ["vm.mr", "vm.qcow2"] as const;
  const limits = (name: string, atMost: number) =>
    name === files[0] ? {} : { goal: { of: "ratio", atMost } as const };
  console.log(`pack: HTTP, each response delayed by ${LATENCY} ms`);
  const pages = await somePages(open);
  let requests = 0;
  const firstPage = async (name: string) => {
    using opened = await open(name);
    const snapshot = await openSnapshot(opened.source);
    await readPages(snapshot, pages.slice(0, 1));
    requests = opened.transfer()?.requests ?? 0;
  };
  printResults(
    await interleave(
      files.map((name) => ({
        name: `first page of ${name}`,
        measure: () => millisecondsOf(() => firstPage(name)),
      })),
      ROUNDS,
    ),
    "ms",
  );
  printFigure("first page of vm.qcow2", {
    value: requests,
    unit: "round trips",
    goal: { atMost: 4 },
  });
  printResults(
    await interleave(
      files.map((name) => ({
        name: `${PAGES} random pages of ${name}`,
        ...limits(name, 0.75),
        measure: async () => {
          using opened = await open(name);
          const snapshot = await openSnapshot(opened.source);
          const before = opened.transfer()?.bytes ?? 0;
          await readPages(snapshot, pages);
          return ((opened.transfer()?.bytes ?? 0) - before) / 1e6;
        },
      })),
      1,
    ),
    "MB",
  );
  console.log("pack: first answer of a guest resumed over HTTP");
  printResults(
    await interleave(
      files.map((name) => ({
        name: `pushed from ${name}`,
        ...limits(name, 1),
        measure: async () => {
          using opened = await open(name);
          const snapshot = await openSnapshot(opened.source);
          await using resumed = await resumeByPostcopy(snapshot, saved.args, {
            directory,
            pushFirst: [],
            push: true,
          });
          return await millisecondsOf(async () =>
            void await resumed.guest.run("true")
          );
        },
      })),
      ROUNDS,
    ),
    "ms",
  );
}

/** Returns random pages of RAM that are present. */
async function somePages(
  open: (name: string) => ReturnType<typeof openPlace>,
): Promise<number[]> {
  using opened = await open("vm.mr");
  const snapshot = await openSnapshot(opened.source);
  const present: number[] = [];
  for await (const { first, end } of snapshot.block("pc.ram").presentRuns()) {
    for (let page = first; page < end; page++) present.push(page);
  }
  const random = randomNumbers(4);
  return Array.from(
    { length: PAGES },
    () => present[Math.floor(random() * present.length)],
  );
}

async function readPages(
  snapshot: Snapshot,
  pages: readonly number[],
): Promise<void> {
  const ram = snapshot.block("pc.ram");
  const target = new Uint8Array(PAGE_SIZE);
  for (const page of pages) await ram.readPageInto(target, page);
}
