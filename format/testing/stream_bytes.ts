import { ByteWriter } from "../bytes/byte_writer.ts";
import { ramSetup } from "./ram_setup.ts";

/** Encodes items of a stream. */
export const item = {
  eof: (): Uint8Array => new Uint8Array([0]),
  /** A command with a payload of that many zeros. */
  command: (command: number, length: number): Uint8Array =>
    new ByteWriter().u8(8).be16(command).be16(length)
      .bytes(new Uint8Array(length)).finish(),
  /** START or FULL: head, body, footer. */
  head: (
    type: 1 | 4,
    idstr: string,
    body: Uint8Array,
    { id = 1, instance = 0, version = 4 } = {},
  ): Uint8Array =>
    new ByteWriter().u8(type).be32(id).countedString(idstr).be32(instance)
      .be32(version).bytes(body).u8(0x7e).be32(id).finish(),
  /** PART or END; the default body is EOS. */
  rest: (type: 2 | 3, id = 1, body: Uint8Array = EOS): Uint8Array =>
    new ByteWriter().u8(type).be32(id).bytes(body).u8(0x7e).be32(id).finish(),
  /** A vmdesc with these devices. */
  vmdesc(...devices: unknown[]): Uint8Array {
    const text = JSON.stringify({ devices });
    return new ByteWriter().u8(6).be32(text.length).text(text).finish();
  },
};

const EOS = new ByteWriter().be64(0x10).finish();

/** Magic, version and a configuration of mapped-ram. */
export const HEADER: Uint8Array = new ByteWriter().text("QEVM").be32(3)
  .u8(7).be32(4).text("none")
  .u8(5).countedString("configuration/capabilities").be32(1)
  .be32(1).countedString("mapped-ram").finish();

/** The body of a RAM START without RAMBlocks, and the START. */
export const NO_BLOCKS: Uint8Array = ramSetup([]).subarray(0, 16);
export const RAM_START: Uint8Array = item.head(1, "ram", NO_BLOCKS);
export const RAM_END: Uint8Array = item.rest(3);

/** Makes a stream of a header and these items. */
export function stream(...items: Uint8Array[]): Uint8Array {
  const writer = new ByteWriter().bytes(HEADER);
  for (const bytes of items) writer.bytes(bytes);
  return writer.finish();
}
