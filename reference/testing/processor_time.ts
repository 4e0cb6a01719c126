import process from "node:process";

/**
 * Returns the milliseconds that this thread has run so far, in older runtimes
 * this process. Time in which the host runs other programs does not count.
 */
export function processorTime(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}
