import type { ByteRange } from "../bytes/byte_range.ts";
import type { LibvirtSaveHeader } from "../libvirt/libvirt_save_header.ts";
import type { RamLayout } from "../ram/fixed_ram_header.ts";
import type { RAMBlockHeader } from "../ram/ramblock_entry.ts";
import type { Configuration } from "../stream/configuration.ts";
import type { Section, StreamItem } from "../stream/migration_stream.ts";

/**
 * The positions of everything that is needed to read RAM, and to copy the rest.
 */
export interface SnapshotIndex {
  /** Position of the stream in the file. */
  readonly streamOffset: number;
  /** The header of the libvirt save image around the stream. */
  readonly libvirt?: LibvirtSaveHeader;
  /** The configuration of the stream. */
  readonly configuration: Configuration;
  /** Position after the configuration. */
  readonly configurationEnd: number;
  /** How the RAM is laid out. */
  readonly layout: RamLayout;
  /** The RAM section. */
  readonly ramSection: Section;
  /**
   * Range of the body of RAM's START: from the total to the EOS word,
   * inclusive.
   */
  readonly ramSetup: ByteRange;
  /** The RAMBlocks, in the order of the file. */
  readonly blocks: readonly RAMBlockHeader[];
  /** Number of RAM PART sections between START and END. */
  readonly ramPartCount: number;
  /** The FULL sections before RAM's END. */
  readonly earlySections: readonly StreamItem[];
  /**
   * The parts of the section of block dirty bitmaps before RAM's END, except
   * PARTs without records, of which there can be tens of thousands.
   */
  readonly earlyDirtyBitmaps: readonly StreamItem[];
  /**
   * The parts of iterable sections other than those two before RAM's END,
   * except PARTs without content.
   */
  readonly earlyParts: readonly StreamItem[];
  /** Position after the footer of RAM's END. */
  readonly ramEnd: number;
  /** The sections started before that position, by section_id. */
  readonly started: ReadonlyMap<number, Section>;
}
