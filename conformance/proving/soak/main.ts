/**
 * Serves VMs and resumes guests for a long time, from files and from a store that
 * fails, while VMs come, give memory back and die; then looks whether any saw a
 * wrong page or waited for too long, and whether what the processes hold grew.
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
/** VMs at a time of each server. */
const VMS = 3;
/** The last events of a VM that are shown where it fared ill. */
const TOLD = 4;
/** Milliseconds for a server to let go of the last VM; connections of HTTP stay. */
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

/** Serves VMs from a snapshot; gives a line about it. */
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
  // What it holds when it has served a VM stays; from then on nothing is added.
  await runRandomVMs({ ...vms, end: performance.now() + 1 }, vms.seed);
  await sleep(1000);
  const idle = meter.descriptors;
  const load = {
    ...vms,
    onFinding(text: string, processId?: number) {
      const vm = server.events.find(({ pid }) => pid === processId)?.vm;
      const told = server.events.filter((it) => it.vm === vm).slice(-TOLD);
      onFinding(`${name}: ${text}: ${JSON.stringify(told)}`);
    },
  };
  const counts = await Promise.all(
    Array.from(
      { length: VMS },
      (_, index) => runRandomVMs(load, vms.seed * 100 + index),
    ),
  );
  const late = performance.now() + SETTLING;
  while (meter.descriptors > idle && performance.now() < late) await sleep(100);
  if (meter.descriptors > idle + KEPT_CONNECTIONS) {
    onFinding(`${name}: ${meter.descriptors} descriptors, idle ${idle} before`);
  }
  for (const { event, message = "" } of server.events) {
    // One that died before it was served is not there to be served.
    const isGone = event === "refused" && message.endsWith("ESRCH");
    if (event === "failed" || event === "refused" && !isGone) {
      onFinding(`${name}: ${event}: ${message}`);
    }
  }
  findings.push(...meter.findings());
  const code = await server.stop();
  if (code !== 0) onFinding(`${name} ended by ${code}: ${server.stderr}`);
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
