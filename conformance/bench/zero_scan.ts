import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Contender, interleave } from "./rounds.ts";
import { printResults } from "./table.ts";
import type { ZeroScanWork } from "./zero_scan_worker.ts";

const MIB = 0x100000;
const ROUNDS = 9;
const GOAL = { of: "value", atLeast: 10 } as const;

/**
 * Measures finding zero pages in memory, with WebAssembly and with a plain
 * loop.
 */
export async function benchZeroScan(): Promise<void> {
  console.log("zero-scan: memory that is all zero, 4 KiB pages");
  const workers = [
    scanner("WebAssembly, 1 MiB in the cache", false, MIB, 64),
    scanner("plain loop, 1 MiB in the cache", true, MIB, 4),
    scanner("WebAssembly, 256 MiB of memory", false, 256 * MIB, 1),
  ];
  const contenders = workers.map((it) => it.contender);
  printResults(await interleave(contenders, ROUNDS), "GB/s");
  for (const { worker } of workers) await worker.terminate();
}

function scanner(
  name: string,
  plain: boolean,
  byteLength: number,
  repeats: number,
): { contender: Contender; worker: Worker } {
  const workerData: ZeroScanWork = { plain, byteLength, repeats };
  const url = new URL("zero_scan_worker.ts", import.meta.url);
  const worker = new Worker(url, { workerData });
  async function measure(): Promise<number> {
    const answer = once(worker, "message");
    worker.postMessage("scan");
    const [bytesPerMillisecond] = await answer;
    return bytesPerMillisecond / 1e6;
  }
  const contender = { name, measure, ...(plain ? {} : { goal: GOAL }) };
  return { contender, worker };
}
