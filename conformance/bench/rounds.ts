/** One way to do the work that a benchmark measures. */
export interface Contender {
  /** What it is, in the table. */
  readonly name: string;
  /** Does the work once; returns what was measured, in the unit of the table. */
  measure(): number | Promise<number>;
  /** Name of the contender that it is compared with. Default: the first. */
  readonly against?: string;
  /** What it should reach; nothing fails if it does not. */
  readonly goal?: Goal;
}

/** A figure to reach: of the ratio, or of what was measured. */
export interface Goal {
  readonly of: "ratio" | "value";
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** What came out for a contender. */
export interface Result {
  readonly contender: Contender;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Median of what each round gave, divided by what it gave for `against`. */
  readonly ratio: number;
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/**
 * Measures the contenders in turn, round by round, so that whatever slows the
 * machine down for a while slows all of them. The first round warms up and does
 * not count.
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
): Promise<Result[]> {
  const values = new Map(contenders.map((it) => [it.name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const contender of contenders) {
      const value = await contender.measure();
      if (round > 0) values.get(contender.name)?.push(value);
    }
  }
  const first = contenders[0]?.name ?? "";
  return contenders.map((contender) => {
    const own = values.get(contender.name) ?? [];
    const others = values.get(contender.against ?? first) ?? [];
    return {
      contender,
      median: median(own),
      min: Math.min(...own),
      max: Math.max(...own),
      ratio: median(own.map((value, round) => value / (others[round] ?? NaN))),
    };
  });
}

/** Milliseconds that some work takes. */
export async function millisecondsOf(
  work: () => void | Promise<void>,
): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
