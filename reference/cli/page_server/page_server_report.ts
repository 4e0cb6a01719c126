import type { PagerEvent } from "../../paging/mod.ts";
import { IntegrityError } from "../../sources/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";
import { countOf } from "../output/format_count.ts";
import { printMessage } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { printEvent, printStatistics } from "../output/progress_events.ts";
import { remedyOf } from "../program/integrity_remedy.ts";

/** Reports to programs: one event per line on standard output. */
export class PageServerEvents {
  /** Reports that VMs can connect. */
  listening(path: string): void {
    printEvent("ready", { listen: `unix:${path}` });
  }

  /** Reports an event. */
  take({ kind, ...rest }: PagerEvent): void {
    if (kind === "ready" || kind === "stopped" || kind === "error") return;
    const vm = "vm" in rest ? rest.vm : undefined;
    if (kind === "statistics") printStatistics(kind, rest, vm);
    else printEvent(kind, rest);
  }
}

/** Milliseconds between two messages about failed reads of a VM. */
const RETRY_INTERVAL = 5000;

/** Reports to people, on standard error. */
export class PageServerLines {
  readonly #retryReported = new Map<number, number>();

  /** Reports that VMs can connect. */
  listening(path: string): void {
    printMessage(printable(`waiting for VMs at unix:${path}`));
  }

  /** Reports an event. */
  take(event: PagerEvent): void {
    if (event.kind === "ended") this.#retryReported.delete(event.vm);
    const text = this.#textOf(event);
    if (text !== undefined) printMessage(printable(text));
  }

  #textOf(event: PagerEvent): string | undefined {
    switch (event.kind) {
      case "serving":
        return `VM ${event.vm} (process ${event.pid}): serving ` +
          `${formatBytes(event.bytes)} in ${countOf(event.regions, "region")}`;
      case "refused":
        return event.message;
      case "retry":
        return this.#isRecent(event.vm)
          ? undefined
          : `VM ${event.vm}: ${event.message}; retrying`;
      case "untrusted":
        return `VM ${event.vm}: ${untrustedText(event)}`;
      case "failed":
        return `VM ${event.vm}: a page is unavailable; the VM waits for it`;
      case "killed":
        return `VM ${event.vm}: killed process ${event.pid}`;
      case "not-killed":
        return `VM ${event.vm}: ${event.message}; it keeps waiting`;
      case "loaded":
        return `VM ${event.vm}: all its pages are loaded`;
      case "ended":
        return `VM ${event.vm}: ${event.message}`;
      default:
        return undefined;
    }
  }

  #isRecent(vm: number): boolean {
    const now = performance.now();
    const isRecent =
      now < (this.#retryReported.get(vm) ?? -Infinity) + RETRY_INTERVAL;
    if (!isRecent) this.#retryReported.set(vm, now);
    return isRecent;
  }
}

/** Returns the message of bytes that do not agree with a digest. */
function untrustedText(
  { file, idstr, page, ...violation }: PagerEvent & {
    readonly kind: "untrusted";
  },
): string {
  const place = idstr === undefined || page === undefined
    ? {}
    : { page: { idstr, pageIndex: page } };
  const error = new IntegrityError(file, { ...violation, ...place });
  return `${error.message}; ${remedyOf(error)}`;
}
