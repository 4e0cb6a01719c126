import { parentPort, workerData } from "node:worker_threads";

/**
 * Scans zero pages on request, and answers with bytes per millisecond. A worker
 * has its own module graph, in which WebAssembly can be disabled.
 */
const { plain, byteLength, repeats } = workerData as ZeroScanWork;
if (plain) {
  Object.defineProperty(WebAssembly, "validate", { value: () => false });
}
const { PageBuffer } = await import("../../mod.ts");
const buffer = new PageBuffer(byteLength);
// Memory that was never written to is the kernel's one zero page, always in the
// cache.
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

/** The task of a worker. */
export interface ZeroScanWork {
  /** Whether to disable WebAssembly. */
  readonly plain: boolean;
  readonly byteLength: number;
  /** Number of scans of the memory per answer. */
  readonly repeats: number;
}
