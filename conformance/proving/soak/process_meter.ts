import { readdirSync, readFileSync } from "node:fs";

/** The resources of a process at one time. */
export interface Sample {
  readonly residentBytes: number;
  readonly descriptors: number;
}

const MIB = 2 ** 20;
const INTERVAL = 1000;
/** Variation of a heap between two garbage collections. */
const SLACK_BYTES = 32 * MIB;
const SLACK_SHARE = 0.15;
/** HTTP connections are kept for a while. */
const SLACK_DESCRIPTORS = 8;

/** Samples the memory and the descriptors of a process each second. */
export class ProcessMeter implements Disposable {
  readonly name: string;
  readonly #pid: number;
  readonly #samples: Sample[] = [];
  readonly #timer;

  /** Starts sampling. */
  constructor(name: string, pid: number) {
    this.name = name;
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), INTERVAL);
  }

  /** Current number of descriptors of the process. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.#pid}/fd`).length;
  }

  /** Returns what has grown, with the figures. */
  findings(): string[] {
    return grownIn(this.#samples).map((what) => `${this} (${what})`);
  }

  /** Formats the figures as one line. */
  toString(): string {
    const { before, after } = quartersOf(this.#samples);
    const [first, last] = [before, after].map(({ residentBytes }) =>
      (residentBytes / MIB).toFixed(0)
    );
    return `${this.name}: ${first} MiB, at the end ${last} MiB; ` +
      `${before.descriptors} descriptors, at the end ${after.descriptors}`;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      const status = readFileSync(`/proc/${this.#pid}/status`, "utf8");
      const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
      // A process that has ended has neither, although it exists for a while.
      if (!(kib > 0)) return;
      const { descriptors } = this;
      this.#samples.push({ residentBytes: kib * 1024, descriptors });
    } catch {
      // It has ended; its exit code is checked elsewhere.
    }
  }
}

/**
 * Returns what has grown between the second and the last quarter of the
 * samples.
 */
export function grownIn(samples: readonly Sample[]): string[] {
  const { before, after } = quartersOf(samples);
  const limit = before.residentBytes * (1 + SLACK_SHARE) + SLACK_BYTES;
  return [
    ...after.residentBytes > limit ? ["memory"] : [],
    ...after.descriptors > before.descriptors + SLACK_DESCRIPTORS
      ? ["descriptors"]
      : [],
  ];
}

function quartersOf(samples: readonly Sample[]) {
  const { length } = samples;
  const [quarter, half] = [Math.floor(length / 4), Math.floor(length / 2)];
  return {
    before: median(samples.slice(quarter, half)),
    after: median(samples.slice(length - quarter)),
  };
}

function median(samples: readonly Sample[]): Sample {
  function middle(key: keyof Sample): number {
    const values = samples.map((it) => it[key]).toSorted((a, b) => a - b);
    return values[Math.floor(values.length / 2)] ?? 0;
  }
  return {
    residentBytes: middle("residentBytes"),
    descriptors: middle("descriptors"),
  };
}
