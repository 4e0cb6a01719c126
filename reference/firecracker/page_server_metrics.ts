import type { PagerEvent } from "../paging/mod.ts";

/** Descriptions of the counters, by their Prometheus names. */
const COUNTERS = {
  connections: "VMs that connected",
  refused: "VMs that were refused",
  faults: "Page faults that VMs waited for",
  removed_bytes: "Bytes that VMs removed",
  read_retries: "Reads of the snapshot that failed and were retried",
  failures: "VMs with a page that could not be read",
  integrity_failures: "VMs with a page that is not the one of the digest",
  killed: "VMs that were killed because of such a page",
} as const;

type Counter = keyof typeof COUNTERS;

/** Counts the events of a page server and formats them for Prometheus. */
export class PageServerMetrics {
  readonly #ended: Record<Counter, number> = {
    connections: 0,
    refused: 0,
    faults: 0,
    removed_bytes: 0,
    read_retries: 0,
    failures: 0,
    integrity_failures: 0,
    killed: 0,
  };
  readonly #vms = new Map<
    number,
    Extract<PagerEvent, { kind: "statistics" }>["statistics"] | undefined
  >();

  /** Counts an event. */
  take(event: PagerEvent): void {
    switch (event.kind) {
      case "connected":
        this.#ended.connections++;
        break;
      case "refused":
        this.#ended.refused++;
        break;
      case "untrusted":
        this.#ended.integrity_failures++;
        break;
      case "failed":
        this.#ended.failures++;
        break;
      case "killed":
        this.#ended.killed++;
        break;
      case "serving":
        this.#vms.set(event.vm, undefined);
        break;
      case "statistics":
        this.#vms.set(event.vm, event.statistics);
        break;
      case "ended":
        this.#end(event.vm);
    }
  }

  #end(vm: number): void {
    const last = this.#vms.get(vm);
    this.#vms.delete(vm);
    this.#ended.faults += last?.faults ?? 0;
    this.#ended.removed_bytes += last?.removedBytes ?? 0;
    this.#ended.read_retries += last?.retries ?? 0;
  }

  /** Returns the metrics in Prometheus's text format. */
  text(): string {
    const sums = { ...this.#ended };
    let pending = 0;
    for (const vm of this.#vms.values()) {
      sums.faults += vm?.faults ?? 0;
      sums.removed_bytes += vm?.removedBytes ?? 0;
      sums.read_retries += vm?.retries ?? 0;
      pending += vm?.pendingPages ?? 0;
    }
    const lines = Object.entries(COUNTERS).flatMap(([name, help]) =>
      metric(`${name}_total`, {
        help,
        type: "counter",
        value: sums[name as Counter],
      })
    );
    lines.push(
      ...metric("vms", {
        help: "VMs being served",
        type: "gauge",
        value: this.#vms.size,
      }),
      ...metric("pending_pages", {
        help:
          "Pages of these VMs that are not in place; 0 of a VM that is loaded",
        type: "gauge",
        value: pending,
      }),
    );
    return `${lines.join("\n")}\n`;
  }
}

function metric(
  name: string,
  { help, type, value }: {
    readonly help: string;
    readonly type: string;
    readonly value: number;
  },
): string[] {
  const full = `mapped_ram_page_server_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    `${full} ${value}`,
  ];
}
