/**
 * The options and results of the walk over a sequential stream.
 *
 * @module
 */

import type { Configuration } from "../stream/configuration.ts";
import type { Section, StreamItem } from "../stream/migration_stream.ts";
import type { RamRecord, StreamBlock } from "./ram_record_walk.ts";
import type { SectionSkips } from "./sequential_sections.ts";

/** What precedes the first record. */
export interface SequentialHead {
  /** The configuration of the stream. */
  readonly configuration: Configuration;
  /** The RAM section. */
  readonly ramSection: Section;
  /** The RAMBlocks, in the order of the list. */
  readonly blocks: readonly StreamBlock[];
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Items between the configuration and the RAM section, unchanged. */
  readonly itemsBefore: Uint8Array;
}

/** Receives the contents of a stream in order. */
export interface SequentialVisitor {
  /** Receives the head, once. */
  begin(head: SequentialHead): void;
  /** Receives each record. */
  record(record: RamRecord): void;
  /**
   * Receives what follows the list of RAMBlocks except records: whole items,
   * and from the END of RAM on everything, in pieces. They include an END even
   * if the stream has none. The bytes are valid until the walk's next request
   * is answered.
   */
  state(bytes: Uint8Array): void;
  /**
   * Called before the END of the RAM section, or before the item in its place.
   */
  ramEnd?(): void;
  /**
   * Called when the walk fails, with the bytes fetched but not passed on:
   * everything from the first byte if nothing was passed on, else everything
   * from the start of the first item that was not, or of a record in a part of
   * the RAM section.
   */
  unread?(rest: UnreadRest): void;
  /** Called at the end of each PART of the RAM section. */
  part?(): void;
  /** Receives a command that requests an answer. */
  asked?(command: number, payload: Uint8Array): void;
}

/** The bytes that a failed walk has fetched but not passed on. */
export interface UnreadRest {
  /** Where the bytes start. */
  readonly from: "stream" | "item" | "record";
  /** The bytes. */
  readonly bytes: Uint8Array;
}

/** Options of the walk over a sequential stream. */
export interface SequentialOptions extends SectionSkips {
  /** Size of a page if the configuration does not give it. Default: 4096. */
  readonly pageSize?: number | undefined;
  /** Whether to stop after the END of RAM. Default: false, read to the end. */
  readonly ramOnly?: boolean | undefined;
}

/** The result of the walk. */
export interface SequentialEnd {
  /**
   * Position after the footer of RAM's END, or of the EOF item if there is no
   * END.
   */
  readonly ramEnd: number;
  /** False if the stream has no END of RAM: a background snapshot. */
  readonly hasEnd: boolean;
  /** The sections that were started. */
  readonly started: ReadonlyMap<number, Section>;
  /** The FULL sections before `ramEnd`. */
  readonly earlySections: readonly StreamItem[];
  /** Number of PARTs of the RAM section. */
  readonly ramPartCount: number;
}
