import type { FieldValue } from "../../../format/vmdesc/mod.ts";
import type { DiffSummary, SnapshotDifference } from "../../comparing/mod.ts";
import type { InputPlace } from "../input/place_options.ts";
import { valueJson } from "../output/field_text.ts";
import { jsonText } from "../output/json_text.ts";
import { outputRoom, print } from "../output/output.ts";
import { type DiffOutput, totalsOf } from "./diff_output.ts";

/** Prints differences as JSON, one object per line. */
export class DiffEvents implements DiffOutput {
  readonly #a: InputPlace;
  readonly #b: InputPlace;

  /** The snapshots are at these places. */
  constructor(a: InputPlace, b: InputPlace) {
    this.#a = a;
    this.#b = b;
  }

  async show(
    { kind, ...facts }: SnapshotDifference,
    signal: AbortSignal,
  ): Promise<void> {
    const values = "field" in facts
      ? { a: fieldJson(facts.a), b: fieldJson(facts.b) }
      : {};
    print(jsonText({ event: kind, ...facts, ...values }));
    await outputRoom(signal);
  }

  finish(a: string, b: string, summary: DiffSummary): Promise<void> {
    const { same, configuration, devices, blocks } = summary;
    for (const block of blocks) print(jsonText({ event: "block", ...block }));
    print(jsonText({
      event: "diff",
      a,
      b,
      digestA: this.#a.verity?.digest,
      digestB: this.#b.verity?.digest,
      same: same ?? null,
      configuration,
      devices,
      ...totalsOf(summary),
    }));
    return Promise.resolve();
  }
}

/** A value that is not there is left out. */
function fieldJson(value: FieldValue | undefined): unknown {
  return value === undefined ? undefined : valueJson(value);
}
