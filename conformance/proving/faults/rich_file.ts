/** Builds a sequence of big-endian bytes. */
class Bytes {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  /** Appends numbers of `width` bytes each. */
  number(width: 1 | 2 | 4 | 8, ...values: number[]): this {
    for (const value of values) {
      const text = value.toString(16).padStart(2 * width, "0");
      this.#bytes.push(...text.match(/../g)!.map((it) => parseInt(it, 16)));
    }
    return this;
  }

  text(text: string): this {
    this.#bytes.push(...new TextEncoder().encode(text));
    return this;
  }

  counted(text: string): this {
    return this.number(1, text.length).text(text);
  }

  fill(length: number, value: (at: number) => number = () => 0): this {
    for (let at = 0; at < length; at++) this.#bytes.push(value(at));
    return this;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}

const PAGE = 256;
const EOS = 0x10;

/** The result of {@linkcode richFile}. */
export interface RichFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Position after the footer of RAM's END. */
  readonly ramEnd: number;
  /** Ranges of the page areas, `[offset, end)`. */
  readonly pages: readonly (readonly [number, number])[];
}

/**
 * Makes a file of a few thousand bytes with one of everything: subsections,
 * commands, dirty bitmaps, an early section, two RAMBlocks, a device, a vmdesc.
 */
export function richFile(options: { early?: boolean } = {}): RichFile {
  const { early = true } = options;
  const out = new Bytes();
  const pages: [number, number][] = [];
  const footer = (id: number) => out.number(1, 0x7e).number(4, id);
  const subsection = (name: string) =>
    out.number(1, 5).counted(`configuration/${name}`).number(4, 1);
  const head = (type: number, id: number, name: string, version: number) =>
    out.number(1, type).number(4, id).counted(name).number(4, 0, version);
  const ramPart = (type: number) => {
    out.number(1, type).number(4, 1).number(8, EOS);
    footer(1);
  };
  const block = (idstr: string, pageCount: number, bits: number) => {
    out.counted(idstr).number(8, pageCount * PAGE).number(4, 1);
    const bitmapOffset = out.length + 24;
    const pagesOffset = Math.ceil((bitmapOffset + 8) / PAGE) * PAGE;
    out.number(8, PAGE, bitmapOffset, pagesOffset).number(1, bits).fill(7);
    out.fill(pagesOffset - out.length);
    pages.push([pagesOffset, pagesOffset + pageCount * PAGE]);
    out.fill(pageCount * PAGE, (at) => (at * 7 + pageCount) % 251);
  };

  out.text("QEVM").number(4, 3).number(1, 7).number(4, 4).text("none");
  subsection("target-page-bits").number(4, 8);
  subsection("capabilities").number(4, 1).counted("mapped-ram");
  subsection("uuid").fill(16, (at) => at + 1);
  out.number(1, 8).number(2, 3, 0);
  head(1, 2, "dirty-bitmap", 1);
  out.number(1, 0x1c).counted("node").counted("bitmap").number(4, 65_536);
  out.number(1, 1, 1);
  footer(2);
  head(1, 1, "ram", 4).number(8, 12 * PAGE + 4);
  block("a", 8, 0b10110010);
  block("b", 4, 0b0001);
  out.number(8, EOS);
  footer(1);
  if (early) {
    head(4, 7, "early", 1).fill(12, (at) => at);
    footer(7);
  }
  ramPart(2);
  out.number(1, 2).number(4, 2).number(1, 1);
  footer(2);
  ramPart(2);
  out.number(1, 8).number(2, 11, 0);
  ramPart(3);
  const ramEnd = out.length;
  out.number(1, 3).number(4, 2).number(1, 0x40).number(8, 0).number(4, 8);
  out.number(8, 32).fill(32, (at) => at).number(1, 0x20, 1);
  footer(2);
  head(4, 9, "timer", 2).fill(24);
  footer(9);
  const device = (name: string, ...sizes: number[]) => ({
    name,
    instance_id: 0,
    fields: sizes.map((size) => ({ name: "field", size })),
  });
  const text = JSON.stringify({
    page_size: PAGE,
    devices: [device("early", 4, 8), device("timer", 8, 8, 8)],
  });
  out.number(1, 0, 6).number(4, text.length).text(text);
  return { bytes: out.finish(), ramEnd, pages };
}
