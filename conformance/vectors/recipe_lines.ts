import { RecipeLine } from "./recipe_line.ts";

/** The maximum number of repetitions. */
const REPEAT_MAX = 0x10000;
const REPEAT = /^\s*repeat\s+([1-9]\d*)\s*(?:#.*)?$/;
const END = /^\s*end\s*(?:#.*)?$/;
/** A number that depends on the repetition, counted from 0: `{130+8192*i}`. */
const COUNTED = /\{(\d+)\+(\d+)\*i\}/g;

/**
 * Returns the lines of a recipe in order, those between `repeat N` and `end` N
 * times.
 */
export function* recipeLines(
  path: string,
  text: string,
): Generator<RecipeLine> {
  const texts = text.split(/\r?\n/);
  const lineAt = (index: number, text: string) =>
    new RecipeLine(text, `${path}:${index + 1}`);
  for (let at = 0; at < texts.length; at++) {
    const count = REPEAT.exec(texts[at])?.[1];
    if (count === undefined) {
      yield lineAt(at, texts[at]);
      continue;
    }
    const start = at + 1;
    const length = texts.slice(start).findIndex((it) => END.test(it));
    if (length < 0) throw lineAt(at, "").error("repeat without end", "an end");
    if (Number(count) > REPEAT_MAX) {
      throw lineAt(at, "").error(`repeat ${count}`, `at most ${REPEAT_MAX}`);
    }
    for (let time = 0; time < Number(count); time++) {
      for (let index = start; index < start + length; index++) {
        const counted = texts[index].replace(
          COUNTED,
          (_, first, step) => String(Number(first) + Number(step) * time),
        );
        yield lineAt(index, counted);
      }
    }
    at = start + length;
  }
}
