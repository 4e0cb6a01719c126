/**
 * What the walk over a sequential stream is told, and what it tells.
 *
 * @module
 */

import type { Configuration } from "../stream/configuration.ts";
import type { Section, StreamItem } from "../stream/migration_stream.ts";
import type { RamRecord, StreamBlock } from "./ram_record_walk.ts";
import type { SectionSkips } from "./sequential_sections.ts";

/** What stands before the first record. */
export interface SequentialHead {
  /** What the configuration says. */
  readonly configuration: Configuration;
  /** The RAM section. */
  readonly ramSection: Section;
  /** The RAMBlocks, in the order of the list. */
  readonly blocks: readonly StreamBlock[];
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Items between the configuration and the RAM section, as they stand there. */
  readonly itemsBefore: Uint8Array;
}

/** Is handed what a stream holds, in its order. */
export interface SequentialVisitor {
  /** The head, once. */
  begin(head: SequentialHead): void;
  /** Each record. */
  record(record: RamRecord): void;
  /**
   * What stands behind the list of RAMBlocks besides records: whole items, and
   * from the END of RAM on all the rest, in pieces. An END is among them also
   * where the stream has none. Good until the walk's next request is answered.
   */
  state(bytes: Uint8Array): void;
  /** The END of the RAM section comes next; where there is none, what follows it. */
  ramEnd?(): void;
  /**
   * The walk cannot go on. What was fetched of the stream and not handed on: all
   * from its first byte if nothing was, else from the start of the first item
   * that was not, or from that of a record in a part of the RAM section.
   */
  unread?(rest: UnreadRest): void;
  /** A PART of the RAM section came to its end. */
  part?(): void;
  /** A command that waits for answers; where nobody listens for them, none. */
  asked?(command: number, payload: Uint8Array): void;
}

/** What a walk that cannot go on has fetched and not handed on. */
export interface UnreadRest {
  /** What it starts with. */
  readonly from: "stream" | "item" | "record";
  /** The bytes. */
  readonly bytes: Uint8Array;
}

/** How to walk over a sequential stream. */
export interface SequentialOptions extends SectionSkips {
  /** Size of a page where the configuration does not tell. Default: 4096. */
  readonly pageSize?: number | undefined;
  /** Whether to stop behind the END of RAM. Default: false, at the end. */
  readonly ramOnly?: boolean | undefined;
}

/** What is known behind the walk. */
export interface SequentialEnd {
  /** Position behind the footer of RAM's END, or of the EOF item without one. */
  readonly ramEnd: number;
  /** False where the stream has no END of RAM: a background snapshot. */
  readonly hasEnd: boolean;
  /** The sections that were started. */
  readonly started: ReadonlyMap<number, Section>;
  /** The FULL sections before `ramEnd`. */
  readonly earlySections: readonly StreamItem[];
  /** How many PARTs the RAM section has. */
  readonly ramPartCount: number;
}
