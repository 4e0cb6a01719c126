/** One way to do the work that a benchmark measures. */
export interface Contender {
  /** Its name in the table. */
  readonly name: string;
  /**
   * Does the work once; returns the measured value, in the unit of the table.
   */
  measure(): number | Promise<number>;
  /** Name of the contender that it is compared with. Default: the first. */
  readonly against?: string;
  /** A goal to meet; missing it is not a failure. */
  readonly goal?: Goal;
}

/** A limit on the ratio, or on the measured value. */
export interface Goal {
  readonly of: "ratio" | "value";
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** The result of a contender. */
export interface Result {
  readonly contender: Contender;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Median over the rounds of the value divided by that of `against`. */
  readonly ratio: number;
}

/** Returns the median of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/**
 * Measures the contenders in turn, round by round, so that a temporary slowdown
 * of the machine affects all of them. The first round is a warm-up and does not
 * count.
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
    const results = values.get(contender.name) ?? [];
    const baseline = values.get(contender.against ?? first) ?? [];
    return {
      contender,
      median: median(results),
      min: Math.min(...results),
      max: Math.max(...results),
      ratio: median(
        results.map((value, round) => value / (baseline[round] ?? NaN)),
      ),
    };
  });
}

/** Returns the milliseconds that some work takes. */
export async function millisecondsOf(
  work: () => void | Promise<void>,
): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
