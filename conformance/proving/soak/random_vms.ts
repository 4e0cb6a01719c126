import type { HandlerClient } from "../../handler/handler_client.ts";
import { randomNumbers } from "../faults/random_numbers.ts";
import type { KnownGuest } from "../page_server/known_guest.ts";

const PAGE_SIZE = 4096;
/** Seconds that a page may take: longer than an outage of the store. */
const PATIENCE = 45;
const CONNECTS = ["", " split", " legacy", " unknown", " pad 5000"];

/** Options of {@linkcode runRandomVMs}. */
export interface RandomVMs {
  readonly client: HandlerClient;
  readonly socket: string;
  readonly guest: KnownGuest;
  /** Time at which no more are started, by `performance.now()`. */
  readonly end: number;
  /** Called for each VM that saw wrong pages or waited for too long. */
  readonly onFinding: (text: string, processId?: number) => void;
}

/**
 * Runs VMs one after the other, each with a random script; returns their
 * number.
 */
export async function runRandomVMs(
  vms: RandomVMs,
  seed: number,
): Promise<number> {
  const random = randomNumbers(seed);
  let count = 0;
  while (performance.now() < vms.end) {
    const script = vmScript(vms.guest, random);
    const begun = performance.now();
    const { code, signal, reports } = await vms.client.run(vms.socket, script);
    const dies = script.some((line) => line.startsWith("die"));
    if (!(code === 0 || dies && signal === "SIGKILL")) {
      const last = JSON.stringify(reports.at(-1));
      const pid = reports.find((it) => it.pid !== undefined)?.pid;
      const took = ((performance.now() - begun) / 1000).toFixed(1);
      vms.onFinding(
        `VM ${pid} ended with ${signal ?? `code ${code}`} after ${took} s, ` +
          `${reports.length} commands, the last ${last}: ${script.join("; ")}`,
        pid,
      );
    }
    count++;
  }
  return count;
}

/**
 * Makes a script: a VM reads pages, removes some, and ends in one way or
 * another.
 */
function vmScript(
  { image, pageCount }: KnownGuest,
  random: (limit: number) => number,
): string[] {
  const first = (1 + random(pageCount / 2 - 1)) * PAGE_SIZE;
  const actions = [
    () => `random ${1 + random(2000)} ${1 + random(1e6)} ${1 + random(4)}`,
    () => `touch ${random(pageCount - 600)} ${1 + random(600)}`,
    () => `touch ${pageCount - 1} ${1 + random(600)} -1`,
    () => `remove ${random(pageCount - 300)} ${1 + random(300)}`,
    () => `race ${1 + random(300)} ${1 + random(1e6)}`,
    () => `sleep ${random(500)}`,
  ];
  const script = Array.from(
    { length: 2 + random(6) },
    () => actions[random(actions.length)]?.() ?? "",
  );
  if (random(3) === 0) {
    script.unshift(`balloon ${random(pageCount - 300)} ${1 + random(300)}`);
  }
  // It dies during the script, or at its end, or reads all pages.
  const fate = random(3);
  if (fate === 0) script.unshift(`die ${1 + random(1000)}`);
  script.push(fate === 1 ? "die" : "touch 0 0");
  return [
    `region ${first}`,
    `region ${pageCount * PAGE_SIZE - first}`,
    `image ${image}`,
    `patience ${PATIENCE}`,
    `connect${CONNECTS[random(CONNECTS.length)]}`,
    ...script,
  ];
}
