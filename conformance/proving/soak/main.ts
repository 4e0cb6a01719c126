/**
 * Soak test: serves VMs and resumes guests for a long time, from files and from
 * an unreliable store, while VMs start, remove memory and die; then checks
 * whether any saw a wrong page or waited for too long, and whether the
 * processes' memory or descriptors grew.
 *
 * ```sh
 * deno task soak --seconds 60
 * deno task soak --seconds 1800 --seed 7
 * ```
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { findCompiler, HandlerClient } from "../../handler/handler_client.ts";
import { randomNumbers } from "../faults/random_numbers.ts";
import { startLiar } from "../http/liar_server.ts";
import { writeKnownGuest } from "../page_server/known_guest.ts";
import { PageServerProcess } from "../page_server/page_server_process.ts";
import { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { failingAnswers } from "./failing_answers.ts";
import { longResume } from "./long_resume.ts";
import { ProcessMeter } from "./process_meter.ts";
import { type RandomVMs, runRandomVMs } from "./random_vms.ts";
import { runShortResumes } from "./short_resumes.ts";

const PAGE_COUNT = 4096;
/** Number of concurrent VMs per server. */
const VMS = 3;
/** Number of last events shown for a VM with a defect. */
const RECENT_EVENTS = 4;
/**
 * Milliseconds for a server to release the last VM; HTTP connections are kept.
 */
const SETTLING = 15_000;
const KEPT_CONNECTIONS = 8;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const findings: string[] = [];
const onFinding = (text: string) => void findings.push(text);
const end = performance.now() + seconds * 1000;

/** Serves VMs from a snapshot; returns a line about the result. */
async function servePages(
  name: string,
  file: string,
  { onReady, args, ...vms }: Omit<RandomVMs, "socket"> & {
    readonly socket: string;
    readonly args: readonly string[];
    readonly onReady?: () => void;
    readonly seed: number;
  },
): Promise<string> {
  await using server = await PageServerProcess.start(vms.socket, [
    ...[file, ...args],
  ]);
  onReady?.();
  using meter = new ProcessMeter(name, server.pid);
  // What it holds after serving one VM remains; after that nothing may be
  // added.
  await runRandomVMs({ ...vms, end: performance.now() + 1 }, vms.seed);
  await sleep(1000);
  const idle = meter.descriptors;
  const load = {
    ...vms,
    onFinding(text: string, processId?: number) {
      const vm = server.events.find(({ pid }) => pid === processId)?.vm;
      const recentEvents = server.events.filter((it) => it.vm === vm).slice(
        -RECENT_EVENTS,
      );
      onFinding(`${name}: ${text}: ${JSON.stringify(recentEvents)}`);
    },
  };
  const counts = await Promise.all(
    Array.from(
      { length: VMS },
      (_, index) => runRandomVMs(load, vms.seed * 100 + index),
    ),
  );
  const settled = performance.now() + SETTLING;
  while (meter.descriptors > idle && performance.now() < settled) {
    await sleep(100);
  }
  if (meter.descriptors > idle + KEPT_CONNECTIONS) {
    onFinding(`${name}: ${meter.descriptors} descriptors, initially ${idle}`);
  }
  for (const { event, message = "" } of server.events) {
    // A VM that died early cannot be served.
    const isGone = event === "refused" && message.endsWith("ESRCH");
    if (event === "failed" || event === "refused" && !isGone) {
      onFinding(`${name}: ${event}: ${message}`);
    }
  }
  findings.push(...meter.findings());
  const code = await server.stop();
  if (code !== 0) onFinding(`${name} exited with ${code}: ${server.stderr}`);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return `${total} VMs; ${meter}`;
}

async function soak(): Promise<string[]> {
  using pages = new ScratchDirectory();
  using long = new ScratchDirectory();
  using short = new ScratchDirectory();
  const guest = await writeKnownGuest(pages, PAGE_COUNT);
  const client = new HandlerClient(
    findCompiler() ?? "cc",
    pages.file("client"),
  );
  await using store = await startLiar(readFileSync(guest.snapshot));
  const vms = { client, guest, end, onFinding };
  const [file, http, meter, resumes] = await Promise.all([
    servePages("page-server of a file", guest.snapshot, {
      ...vms,
      socket: pages.file("file.sock"),
      seed,
      args: [],
    }),
    servePages("page-server of a URL", store.url, {
      ...vms,
      socket: pages.file("http.sock"),
      seed: seed + 1,
      args: ["--fault-around", "16K"],
      onReady: () => store.lie = failingAnswers(randomNumbers(seed + 2)),
    }),
    longResume(long, { seconds, random: randomNumbers(seed + 3) }),
    runShortResumes(short, {
      end,
      onFinding,
      random: randomNumbers(seed + 4),
    }),
  ]);
  findings.push(...meter.findings());
  return [file, http, String(meter), `${resumes} guests resumed and killed`];
}

for (const line of await soak()) console.log(`figure: ${line}`);
for (const finding of findings) console.error(`wrong: ${finding}`);
console.log(`${findings.length} findings in ${seconds} s, seed ${seed}`);
process.exitCode = findings.length === 0 ? 0 : 1;
