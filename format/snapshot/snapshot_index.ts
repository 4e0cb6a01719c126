import type { ByteRange } from "../bytes/byte_range.ts";
import type { LibvirtSaveHeader } from "../libvirt/libvirt_save_header.ts";
import type { RamLayout } from "../ram/fixed_ram_header.ts";
import type { RAMBlockHeader } from "../ram/ramblock_entry.ts";
import type { Configuration } from "../stream/configuration.ts";
import type { Section, StreamItem } from "../stream/migration_stream.ts";

/** Where everything stands that is needed to read RAM, and to copy the rest. */
export interface SnapshotIndex {
  /** Where the stream starts in the file. */
  readonly streamOffset: number;
  /** The header of the libvirt save image that the stream was found in. */
  readonly libvirt?: LibvirtSaveHeader;
  /** What the configuration says. */
  readonly configuration: Configuration;
  /** Position behind the configuration. */
  readonly configurationEnd: number;
  /** How the RAM is laid out. */
  readonly layout: RamLayout;
  /** The RAM section. */
  readonly ramSection: Section;
  /** The body of RAM's START: from the total to the EOS word, both included. */
  readonly ramSetup: ByteRange;
  /** The RAMBlocks, in the order of the file. */
  readonly blocks: readonly RAMBlockHeader[];
  /** How many RAM PART sections stand between START and END. */
  readonly ramPartCount: number;
  /** The FULL sections that stand before RAM's END. */
  readonly earlySections: readonly StreamItem[];
  /**
   * The parts of the section of block dirty bitmaps that stand before RAM's END,
   * but for PARTs without records, of which there can be tens of thousands.
   */
  readonly earlyDirtyBitmaps: readonly StreamItem[];
  /**
   * The parts of other iterable sections than those two that stand before RAM's
   * END, but for PARTs that hold nothing.
   */
  readonly earlyParts: readonly StreamItem[];
  /** Position behind the footer of RAM's END. */
  readonly ramEnd: number;
  /** The sections that were started up to there. */
  readonly started: ReadonlyMap<number, Section>;
}
