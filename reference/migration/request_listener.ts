import type { PageRun } from "../../format/bitmap/mod.ts";
import type { ByteChannel } from "../sockets/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { Pace } from "../work/mod.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";
import { PING } from "./postcopy_opening.ts";
import { ReturnPathReader } from "./return_path.ts";

/** Callbacks for the messages of a destination. */
export interface RequestHandlers {
  /** The device state is loaded and the guest runs. */
  readonly onLoaded: (() => void) | undefined;
  /** These pages are requested; the next request is read when it resolves. */
  readonly onRequest: (block: PostcopyBlock, pages: PageRun) => Promise<void>;
  /** Stops handling even a flood of messages that never waits for I/O. */
  readonly signal: AbortSignal;
}

/**
 * Handles the destination's messages until it disconnects. Resolves to `"shut"`
 * if it has reported that it has everything, else to `"gone"`.
 *
 * @throws {SourceError} if it reports a failure, or requests an unknown range
 */
export async function listenToRequests(
  channel: ByteChannel,
  blocks: readonly PostcopyBlock[],
  { onLoaded, onRequest, signal }: RequestHandlers,
): Promise<"shut" | "gone"> {
  const named = new Map(blocks.map((it) => [it.block.idstr, it]));
  const reader = new ReturnPathReader(channel.name);
  const pace = new Pace(signal);
  for (;;) {
    const bytes = await channel.read();
    if (bytes === undefined) return "gone";
    for (const message of reader.push(bytes)) {
      await pace.step();
      if (message.kind === "pages") {
        const block = named.get(message.idstr);
        const pages = block && pagesOf(block, message);
        if (block === undefined || pages === undefined) {
          const { idstr, offset, length } = message;
          throw new SourceError(
            channel.name,
            `Cannot serve ${channel.name}: it asks for ${length} bytes at ` +
              `${offset} of RAMBlock ${JSON.stringify(idstr)}, expected a ` +
              "range of the snapshot",
          );
        }
        await onRequest(block, pages);
      } else if (message.kind === "pong") {
        if (message.value === PING.loaded) onLoaded?.();
      } else if (message.failed) {
        throw new SourceError(
          channel.name,
          `Cannot resume the guest at ${channel.name}: QEMU could not load it`,
        );
      } else return "shut";
    }
  }
}

/**
 * Returns the pages of a request; undefined if they are not in the RAMBlock.
 */
function pagesOf(
  { block, hostPageCount, hostPageSize }: PostcopyBlock,
  request: { readonly offset: number; readonly length: number },
): PageRun | undefined {
  const { offset, length } = request;
  const end = offset + length;
  if (length === 0 || end > hostPageCount * hostPageSize) return undefined;
  return {
    first: Math.floor(offset / block.pageSize),
    end: Math.min(block.pageCount, Math.ceil(end / block.pageSize)),
  };
}
