import { parentPort, workerData } from "node:worker_threads";

/**
 * Scans zero pages when asked, and answers with bytes a millisecond. A worker of
 * its own has a module graph of its own, in which WebAssembly can be refused.
 */
const { plain, byteLength, repeats } = workerData as ZeroScanWork;
if (plain) {
  Object.defineProperty(WebAssembly, "validate", { value: () => false });
}
const { PageBuffer } = await import("../../mod.ts");
const buffer = new PageBuffer(byteLength);
// Memory never written to is one page of zeros of the kernel, all in the cache.
buffer.bytes.fill(1).fill(0);

parentPort?.on("message", () => {
  const start = performance.now();
  for (let repeat = 0; repeat < repeats; repeat++) {
    const found = buffer.nonZeroPages(4096, byteLength / 4096).nextSet(0);
    if (found !== byteLength / 4096) throw new Error("Found a page in zeros");
  }
  const milliseconds = performance.now() - start;
  parentPort?.postMessage(byteLength * repeats / milliseconds);
});

/** What a worker is to do. */
export interface ZeroScanWork {
  /** Whether to do without WebAssembly. */
  readonly plain: boolean;
  readonly byteLength: number;
  /** How often to scan the memory for one answer. */
  readonly repeats: number;
}
