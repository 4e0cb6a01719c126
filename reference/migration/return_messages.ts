import { ByteWriter } from "../../format/bytes/mod.ts";
import { MIG_RP_MSG_PONG, MIG_RP_MSG_SHUT } from "../../format/stream/mod.ts";
import type { ByteChannel } from "../sockets/mod.ts";

/** Answers a PING with its payload. */
export async function sendPong(
  channel: ByteChannel,
  payload: Uint8Array,
): Promise<void> {
  await send(channel, MIG_RP_MSG_PONG, payload);
}

/** Reports success with status 0, otherwise failure. */
export async function sendShut(
  channel: ByteChannel,
  status: number,
): Promise<void> {
  const payload = new ByteWriter().be32(status).finish();
  await send(channel, MIG_RP_MSG_SHUT, payload);
}

/** Sends a message of the return path: be16 type, be16 length, payload. */
async function send(
  channel: ByteChannel,
  type: number,
  payload: Uint8Array,
): Promise<void> {
  const writer = new ByteWriter().be16(type).be16(payload.length);
  await channel.write(writer.bytes(payload).finish());
}
