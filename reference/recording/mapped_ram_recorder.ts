import {
  DEFAULT_BITMAP_ORDER,
  pageCountOf,
  pageOffset,
} from "../../format/bitmap/mod.ts";
import { ByteWriter } from "../../format/bytes/mod.ts";
import type {
  RamRecord,
  SequentialHead,
  SequentialVisitor,
  StreamBlock,
} from "../../format/sequential/mod.ts";
import { encodeEos, planSnapshot } from "../../format/snapshot/mod.ts";
import {
  CAPABILITY_MAPPED_RAM,
  QEMU_VM_SECTION_START,
  writeConfiguration,
  writeSectionFooter,
  writeSectionHead,
  writeStreamHeader,
} from "../../format/stream/mod.ts";
import { type PageBatch, sharedBitmap } from "../pages/mod.ts";
import { RAMBlockWriter } from "../saving/mod.ts";
import {
  checkedXbzrle,
  inflatePage,
  type PageReceiver,
  RecordQueue,
  refuseIgnoredRam,
} from "../sequential/mod.ts";
import { BackgroundFlush, type ByteSink } from "../sinks/mod.ts";
import { SinkReader } from "./read_back.ts";

const EOS = encodeEos();
/** Maximum bytes of pages between two calls of `settle`. */
const QUEUE_LENGTH = 0x80000;

/** The layout of the file that is being written. */
interface Plan {
  readonly head: SequentialHead;
  /** The writers of the RAMBlocks, by idstr. */
  readonly writers: ReadonlyMap<string, RAMBlockWriter>;
  readonly pieces: readonly {
    readonly offset: number;
    readonly bytes: Uint8Array;
  }[];
  readonly eosOffset: number;
  readonly queue: RecordQueue;
}

/**
 * Writes a mapped-ram file from a sequential stream as it arrives. Each page
 * goes to its fixed place, overwriting an earlier version, so the file size is
 * bounded from the start. Device state follows the pages.
 */
export class MappedRamRecorder
  implements SequentialVisitor, PageReceiver, Disposable {
  readonly #sink: ByteSink;
  readonly #fileName: string;
  readonly #reader: SinkReader;
  readonly #flush: BackgroundFlush;
  #plan: Plan | undefined;
  #pageBytes = 0;
  #written = false;
  #state = new ByteWriter();
  #stateOffset = 0;

  /** Writes to `sink`; `fileName` names the file or socket read, for errors. */
  constructor(sink: ByteSink, fileName: string) {
    this.#sink = sink;
    this.#fileName = fileName;
    this.#reader = new SinkReader(sink);
    this.#flush = new BackgroundFlush(sink);
  }

  /** Lays out the file for the blocks of the stream's head. */
  begin(head: SequentialHead): void {
    const { configuration, ramSection, blocks, pageSize } = head;
    refuseIgnoredRam(this.#fileName, configuration);
    const writer = new ByteWriter();
    writeStreamHeader(writer);
    writeConfiguration(writer, {
      ...configuration,
      capabilities: [CAPABILITY_MAPPED_RAM],
    });
    writer.bytes(head.itemsBefore);
    writeSectionHead(writer, { ...ramSection, type: QEMU_VM_SECTION_START });
    const plan = planSnapshot(
      writer.finish(),
      blocks.filter(({ usedLength }) => usedLength > 0),
      { pageSize },
    );
    const writers = plan.blocks.map((block) => {
      const pageCount = pageCountOf(block.usedLength, block.pageSize);
      const empty = Promise.resolve(sharedBitmap(pageCount));
      return new RAMBlockWriter(block, this.#sink, { loadBitmap: () => empty });
    });
    this.#plan = {
      ...plan,
      head,
      writers: new Map(writers.map((it) => [it.idstr, it])),
      queue: new RecordQueue(Math.max(QUEUE_LENGTH, 4 * pageSize), pageSize),
    };
    this.#stateOffset = plan.eosOffset + EOS.length;
    writeSectionFooter(this.#state, ramSection);
  }

  /** Queues a record. */
  record(record: RamRecord): void {
    this.#planned.queue.add(record);
  }

  /** Queues device state. */
  state(bytes: Uint8Array): void {
    this.#state.bytes(bytes);
  }

  /**
   * Writes queued records, if there are enough, and all queued state. After a
   * failure it can be repeated: nothing is dequeued before all is written.
   */
  async settle(): Promise<void> {
    if (this.#plan === undefined) return;
    const { pieces, eosOffset, queue } = this.#plan;
    if (!this.#written) {
      await this.#sink.setLength(eosOffset + EOS.length);
      for (const { bytes, offset } of pieces) {
        await this.#sink.write(bytes, offset);
      }
      this.#written = true;
    }
    if (queue.isDue) await queue.settle(this);
    this.#flush.wrote(this.#pageBytes);
    if (this.#state.length > 0) {
      const bytes = this.#state.finish();
      await this.#sink.write(bytes, this.#stateOffset);
      this.#stateOffset += bytes.length;
      this.#state = new ByteWriter();
    }
  }

  /**
   * Writes the bitmaps and, after a flush, the EOS word that ends the
   * RAMBlocks: without it no reader accepts the file as complete. Does not
   * commit the sink.
   */
  async finish(): Promise<void> {
    const { writers, eosOffset, queue } = this.#planned;
    await queue.settle(this);
    await this.#flush.settle();
    await this.#sink.setLength(this.#stateOffset);
    for (const writer of writers.values()) {
      await writer.writeBitmap(DEFAULT_BITMAP_ORDER);
    }
    await this.#sink.flush();
    await this.#sink.write(EOS, eosOffset);
  }

  /** Writes everything that is queued. */
  async settleAll(): Promise<void> {
    await this.#planned.queue.settle(this);
    await this.settle();
  }

  /** The head of the stream; undefined until `begin`. */
  get head(): SequentialHead | undefined {
    return this.#plan?.head;
  }

  /** Offset of the device state in the file. */
  get stateStart(): number {
    return this.#planned.eosOffset + EOS.length;
  }

  /** Reads the file as written so far. */
  get reader(): SinkReader {
    return this.#reader;
  }

  /** The writers of the RAMBlocks. */
  get blocks(): readonly RAMBlockWriter[] {
    return [...this.#planned.writers.values()];
  }

  /** Size of the file, or its minimum until `finish`. */
  get byteLength(): number {
    return this.#stateOffset;
  }

  /** @internal */
  async writePages(
    block: StreamBlock,
    first: number,
    pages: PageBatch,
  ): Promise<void> {
    this.#pageBytes += pages.bytes.length;
    await this.#writer(block).writePages(first, pages);
  }

  /** @internal */
  async clearPages(
    block: StreamBlock,
    first: number,
    count: number,
  ): Promise<void> {
    const bitmap = await this.#writer(block).bitmap();
    for (let page = first; page < first + count; page++) bitmap.clear(page);
  }

  /** @internal */
  async unpack(record: RamRecord): Promise<void> {
    const { block, pageIndex, data, offset } = record;
    const writer = this.#writer(block);
    const page = new Uint8Array(writer.pageSize);
    const fileName = this.#fileName;
    if (record.kind === "compressed") {
      const { idstr } = block;
      await inflatePage({ data, offset, idstr, fileName }, page);
    } else {
      if ((await writer.bitmap()).isSet(pageIndex)) {
        this.#reader.read(page, pageOffset(writer, pageIndex));
      }
      checkedXbzrle(page, record, fileName);
    }
    await writer.writePage(pageIndex, page);
  }

  /** Closes the file that was opened to read it back. */
  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }

  get #planned(): Plan {
    if (this.#plan !== undefined) return this.#plan;
    throw new TypeError("Cannot write a snapshot before the stream's head");
  }

  #writer({ idstr }: StreamBlock): RAMBlockWriter {
    const writer = this.#planned.writers.get(idstr);
    if (writer !== undefined) return writer;
    throw new TypeError(`Cannot write to RAMBlock "${idstr}": it is empty`);
  }
}
