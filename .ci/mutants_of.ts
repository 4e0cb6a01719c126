/** A file with one defect. */
export interface Mutant {
  readonly file: string;
  /** The changed line, from 1. */
  readonly line: number;
  readonly before: string;
  /** The replacement. */
  readonly after: string;
  /** The whole changed file. */
  readonly text: string;
}

/** Operators with spaces around them, as formatted: in types they have none. */
const OPERATORS: Readonly<Record<string, string>> = {
  " < ": " <= ",
  " <= ": " < ",
  " > ": " >= ",
  " >= ": " > ",
  " === ": " !== ",
  " !== ": " === ",
  " && ": " || ",
  " || ": " && ",
  " + ": " - ",
  " - ": " + ",
  " * ": " + ",
  " % ": " * ",
};

/** Returns all mutants of a file. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const code = maskText(text);
  const mutants: Mutant[] = [];
  function add(from: number, to: number, after: string): void {
    const line = text.slice(0, from).split("\n").length;
    const before = text.split("\n")[line - 1];
    const broken = text.slice(0, from) + after + text.slice(to);
    mutants.push({ file, line, before, after: after.trim(), text: broken });
  }
  for (
    const { index, 0: found } of code.matchAll(
      / (?:[<>]=?|[=!]==|&&|\|\||[-+*%]) /g,
    )
  ) {
    if (isOfType(code, index)) continue;
    add(index, index + found.length, OPERATORS[found]);
  }
  for (const { index } of code.matchAll(/\bif \(/g)) {
    const open = index + "if ".length;
    const close = closingOf(code, open);
    add(open, close + 1, `(false && ${text.slice(open, close + 1)})`);
  }
  for (
    const { index, 0: found } of code.matchAll(
      /(?<![\w.$])(?:0x[0-9a-f]+|\d+)\b(?!\w)/g,
    )
  ) {
    add(index, index + found.length, `${found === "0" ? 1 : `(${found} + 1)`}`);
  }
  return mutants;
}

/** Blanks out comments, strings and regular expressions. */
function maskText(text: string): string {
  const parts =
    /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[(=,:] ?)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+\/[a-z]*/g;
  return text.replace(parts, (it) => it.replace(/[^\n]/g, "_"));
}

/** Whether an operator is in a type: `type A = B`, `extends`, `import`. */
function isOfType(code: string, index: number): boolean {
  const line = code.slice(code.lastIndexOf("\n", index) + 1, index);
  return /^\s*(?:export )?(?:type|interface|import)\b/.test(line);
}

function closingOf(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === "(") depth++;
    else if (code[at] === ")" && --depth === 0) return at;
  }
  return code.length - 1;
}
