import { ByteWriter } from "../../format/bytes/mod.ts";
import {
  RamRecordWriter,
  type SequentialHead,
} from "../../format/sequential/mod.ts";
import {
  QEMU_VM_SECTION_PART,
  QEMU_VM_SECTION_START,
  RAM_SAVE_FLAG_EOS,
  RAM_SAVE_FLAG_MEM_SIZE,
  writeConfiguration,
  writeSectionHead,
  writeStreamHeader,
} from "../../format/stream/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { CHUNK } from "../work/mod.ts";
import type { ChannelInput } from "./channel_input.ts";
import type { ReceivingRecorder } from "./receiving_recorder.ts";
import { type RoomOptions, waitForRoom } from "./wait_for_room.ts";

type Write = (bytes: Uint8Array) => Promise<void>;

/**
 * Writes a sequential stream of everything received, understood or not: pages
 * that are already placed become records, the rest is copied as received, up to
 * the end. Commits the sink if the stream ends as a migration does, otherwise
 * aborts it. Returns whether it was committed. Writes to a full disk are retried
 * until there is space.
 */
export async function keepStream(
  sink: ByteSink,
  recorder: ReceivingRecorder,
  { input, ...room }: Omit<RoomOptions, "isOnlyCopy"> & {
    readonly input: ChannelInput;
  },
): Promise<boolean> {
  const { unreadRest, head, end } = recorder;
  const waiting = { ...room, isOnlyCopy: () => true };
  let position = 0;
  const write: Write = async (bytes) => {
    await waitForRoom(() => sink.write(bytes, position), waiting);
    position += bytes.length;
  };
  try {
    if (unreadRest !== undefined) end.add(unreadRest.bytes);
    // A stream that was cut off, the most common case, is not copied first.
    if (!input.ended || end.isWhole) {
      if (head !== undefined) await writeUnderstood(write, recorder, head);
      if (unreadRest !== undefined) {
        if (head !== undefined && unreadRest.from === "record") {
          const part = new ByteWriter().u8(QEMU_VM_SECTION_PART);
          await write(part.be32(head.ramSection.sectionId).finish());
        }
        await write(unreadRest.bytes);
      }
      for await (const bytes of input.rest()) {
        end.add(bytes);
        await write(bytes);
      }
    }
    if (!end.isWhole) await sink.abort();
    else await sink.commit();
    return end.isWhole;
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}

/**
 * Writes everything that was understood: the head, the state up to RAM's END,
 * the pages and the other state.
 */
async function writeUnderstood(
  write: Write,
  recorder: ReceivingRecorder,
  head: SequentialHead,
): Promise<void> {
  await recorder.settleAll();
  await write(encodeStart(head));
  const { start, end, ramEnd } = recorder.stateRange;
  await copy(start, ramEnd);
  await writePages(write, recorder, head);
  await copy(ramEnd, end);

  async function copy(from: number, end: number): Promise<void> {
    for (let at = from; at < end; at += CHUNK) {
      const bytes = new Uint8Array(Math.min(CHUNK, end - at));
      recorder.reader.read(bytes, at);
      await write(bytes);
    }
  }
}

/** Returns the stream up to and including the EOS of the list of RAMBlocks. */
function encodeStart(head: SequentialHead): Uint8Array {
  const { configuration, itemsBefore, ramSection, blocks } = head;
  const total = blocks.reduce((sum, { usedLength }) => sum + usedLength, 0);
  const writer = new ByteWriter();
  writeStreamHeader(writer);
  writeConfiguration(writer, configuration);
  writer.bytes(itemsBefore);
  writeSectionHead(writer, { ...ramSection, type: QEMU_VM_SECTION_START });
  writer.be64(total + RAM_SAVE_FLAG_MEM_SIZE);
  for (const { idstr, usedLength } of blocks) {
    writer.countedString(idstr).be64(usedLength);
  }
  return writer.be64(RAM_SAVE_FLAG_EOS).finish();
}

/**
 * Writes the stored pages, those of the RAMBlock named last at the end, because
 * a record after them may continue it.
 */
async function writePages(
  write: Write,
  recorder: ReceivingRecorder,
  { ramSection: { sectionId }, pageSize }: SequentialHead,
): Promise<void> {
  const records = new RamRecordWriter(1, pageSize);
  const { blocks, lastIdstr } = recorder;
  const last = blocks.find(({ idstr }) => idstr === lastIdstr);
  const others = blocks.filter((it) => it !== last);
  for (const block of last === undefined ? others : [...others, last]) {
    const { idstr, pagesOffset } = block;
    const bitmap = await block.bitmap();
    for (const { first, end } of bitmap.runs()) {
      for (let page = first; page < end; page++) {
        records.start(sectionId);
        const offset = page * pageSize;
        recorder.reader.read(records.page(idstr, offset), pagesOffset + offset);
        await write(records.finish(sectionId));
      }
    }
  }
  if (last === undefined) return;
  // The block may have no page; a record of page 0 names it in any case.
  const first = new Uint8Array(pageSize);
  if ((await last.bitmap()).isSet(0)) {
    recorder.reader.read(first, last.pagesOffset);
  }
  records.start(sectionId);
  records.page(last.idstr, 0).set(first);
  await write(records.finish(sectionId));
}
