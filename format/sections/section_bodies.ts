import type { Walk, WalkedFile } from "../bytes/walk.ts";
import type { UnsupportedError } from "../rules/errors.ts";
import {
  QEMU_VM_SECTION_FOOTER,
  RAM_SECTION_IDSTR,
} from "../stream/constants.ts";
import type { Section, SectionPart } from "../stream/migration_stream.ts";
import type { StreamReader } from "../stream/stream_reader.ts";
import { findLastVmdesc, findVmdesc, type Vmdesc } from "../vmdesc/vmdesc.ts";
import {
  ITERABLE_SECTION_NAMES,
  iterableSection,
} from "./iterable_sections.ts";
import { skipToFooter } from "./section_footer_scan.ts";

/** Bytes of a section's footer: type and section_id. */
const FOOTER = 5;
/** Maximum length of a section whose footer is searched for. */
const GUESS_MAX = 0x1000000;

/** A FULL section that was skipped up to bytes that look like its footer. */
interface Guess {
  readonly section: Section;
  /** Position of its item. */
  readonly offset: number;
  /** Bytes of its body. */
  readonly length: number;
}

/**
 * Reads the bodies of sections other than RAM. The vmdesc, which gives the
 * lengths of FULL sections, is searched for once: first from the end of the
 * file, where it nearly always is, then forward, but not through pages. They
 * may be many, and the guest controls their contents.
 *
 * Before the pages of a file with much data after the stream, a footer is
 * searched for instead; the vmdesc found after the pages must then agree.
 */
export class OtherBodies {
  readonly #reader: StreamReader;
  readonly #file: WalkedFile;
  readonly #passedPages: () => boolean;
  #vmdesc: Vmdesc | undefined;
  /** Whether the end of the file has been searched. */
  #searchedEnd = false;
  #searched = false;
  #guesses: Guess[] = [];

  /**
   * Reads sections of `file`; `passedPages` returns whether the reader is past
   * the pages.
   */
  constructor(
    reader: StreamReader,
    file: WalkedFile,
    { passedPages }: { readonly passedPages: () => boolean },
  ) {
    this.#reader = reader;
    this.#file = file;
    this.#passedPages = passedPages;
  }

  /** The vmdesc, if one was searched for and found. */
  get vmdesc(): Vmdesc | undefined {
    return this.#vmdesc;
  }

  /** Skips the body of a section whose item is at `offset`. */
  *read(kind: SectionPart, section: Section, offset: number): Walk<void> {
    const reader = this.#reader;
    if (kind !== "full") {
      const iterable = iterableSection(section);
      if (iterable !== undefined) return yield* iterable.skipBody(reader, kind);
    } else {
      if (!this.#searched) yield* this.#find(section);
      const { idstr, instanceId } = section;
      const length = this.#vmdesc?.devices.stateLength(idstr, instanceId);
      if (length !== undefined) {
        return yield* reader.skip(length, "a section, as the vmdesc says");
      }
      if (!this.#searched) return yield* this.#guess(section, offset);
    }
    throw unknownSection(reader, { kind, section, offset });
  }

  /**
   * Compares the sections skipped before the pages with the vmdesc after them.
   */
  *check(): Walk<void> {
    const [first] = this.#guesses;
    if (first === undefined) return;
    const vmdesc = yield* findVmdesc(this.#file, this.#reader.offset);
    if (vmdesc === undefined || !this.#agrees(vmdesc)) {
      throw this.#refusal(first);
    }
    this.#vmdesc = vmdesc;
    this.#searched = true;
    this.#guesses = [];
  }

  /**
   * Returns the error itself, unless a wrongly guessed footer may have caused
   * it.
   */
  reasonOf(error: unknown): unknown {
    const [first] = this.#guesses;
    return first === undefined ? error : this.#refusal(first);
  }

  *#find(section: Section): Walk<void> {
    const { offset } = this.#reader;
    /**
     * If none fits, the first that gives a length is used to report the
     * problem.
     */
    let other: Vmdesc | undefined;
    const { idstr, instanceId } = section;
    const accepts = (vmdesc: Vmdesc): Walk<boolean> => {
      const length = vmdesc.devices.stateLength(idstr, instanceId);
      if (length !== undefined) other ??= vmdesc;
      return this.#fits(section, this.#agrees(vmdesc) ? length : undefined);
    };
    let found: Vmdesc | undefined;
    if (!this.#searchedEnd) {
      found = yield* findLastVmdesc(this.#file, offset, { accepts });
      this.#searchedEnd = true;
    }
    const isPassed = this.#passedPages();
    if (found === undefined && isPassed) {
      found = yield* findVmdesc(this.#file, offset, accepts);
    }
    if (found !== undefined) this.#guesses = [];
    this.#vmdesc = found ?? other;
    this.#searched = isPassed || this.#vmdesc !== undefined;
  }

  /** Whether the next section has its footer after that many bytes. */
  *#fits({ sectionId }: Section, length: number | undefined): Walk<boolean> {
    const reader = this.#reader;
    if (length === undefined) return false;
    const end = length + FOOTER;
    if (reader.offset + end > reader.fileLength) return false;
    const bytes = end <= reader.available
      ? reader.peekBytes(end).subarray(length)
      : yield { offset: reader.offset + length, length: FOOTER };
    const footer = new DataView(bytes.buffer, bytes.byteOffset, FOOTER);
    return footer.getUint8(0) === QEMU_VM_SECTION_FOOTER &&
      footer.getUint32(1) === sectionId;
  }

  /** Whether a vmdesc gives the lengths that were guessed. */
  #agrees({ devices }: Vmdesc): boolean {
    return this.#guesses.every(({ section: { idstr, instanceId }, length }) =>
      devices.stateLength(idstr, instanceId) === length
    );
  }

  *#guess(section: Section, offset: number): Walk<void> {
    const start = this.#reader.offset;
    const guess = { section, offset, length: 0 };
    this.#guesses.push(guess);
    const found = yield* skipToFooter(this.#reader, section, {
      lengthMax: GUESS_MAX,
    });
    if (!found) throw this.#refusal(guess);
    guess.length = this.#reader.offset - start;
  }

  #refusal({ section, offset }: Guess): UnsupportedError {
    return unknownSection(this.#reader, { kind: "full", section, offset });
  }
}

/** Makes the error for a section whose part at `offset` has an unknown end. */
export function unknownSection(
  reader: StreamReader,
  { kind, section, offset }: {
    readonly kind: SectionPart;
    readonly section: Section;
    readonly offset: number;
  },
): UnsupportedError {
  const { idstr, versionId } = section;
  const name = `${JSON.stringify(idstr)} of version ${versionId}`;
  return reader.unsupportedError("section-known", {
    feature: `section ${name}`,
    offset,
    found: `section ${name}, whose end cannot be found`,
    expected: kind === "full"
      ? "a vmdesc that gives its length"
      : `one of ${RAM_SECTION_IDSTR}, ${ITERABLE_SECTION_NAMES}`,
  });
}
