import type { ByteRequest, Walk } from "../../format/bytes/mod.ts";
import { type ForwardRequest, isForward } from "../../format/stream/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";

/** What drives a walk that goes forward. */
export interface ForwardDriver {
  /** Fills the target, or as much of it as the request allows. */
  read(request: ForwardRequest): Promise<Uint8Array>;
  /** Reads something elsewhere; there only where that can be done. */
  readFar?(request: ByteRequest): Promise<Uint8Array>;
  /** Does what was put off while the walk went on. */
  settle(): Promise<void>;
}

/**
 * Drives a walk that goes forward. Before each request is answered, and at the
 * end, what the walk has handed out is settled: it is good until then.
 */
export async function driveForward<T>(
  walk: Walk<T>,
  driver: ForwardDriver,
): Promise<T> {
  let step = walk.next();
  while (!step.done) {
    let answer: Uint8Array;
    try {
      await driver.settle();
      answer = await answerOf(step.value, driver);
    } catch (error) {
      // The walk tells how far it has come.
      walk.throw(error);
      throw error;
    }
    step = walk.next(answer);
  }
  await driver.settle();
  return step.value;
}

function answerOf(
  request: ByteRequest,
  driver: ForwardDriver,
): Promise<Uint8Array> {
  if (isForward(request)) return driver.read(request);
  if (driver.readFar !== undefined) return driver.readFar(request);
  throw new TypeError("Cannot look ahead in what is read forward only");
}

/** Reads for a {@linkcode ForwardDriver} from a source. */
export function forwardReads(
  source: ByteSource,
  options?: ReadOptions,
): Required<Pick<ForwardDriver, "read" | "readFar">> {
  return {
    async read({ target, offset }: ForwardRequest): Promise<Uint8Array> {
      await source.readInto(target, offset, options);
      return target;
    },
    async readFar({ offset, length, target }: ByteRequest) {
      const bytes = target ?? new Uint8Array(length);
      await source.readInto(bytes, offset, options);
      return bytes;
    },
  };
}
