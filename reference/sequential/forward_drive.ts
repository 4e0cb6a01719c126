import type { ByteRequest, Walk } from "../../format/bytes/mod.ts";
import { type ForwardRequest, isForward } from "../../format/sequential/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";

/** The callbacks of a forward-only walk. */
export interface ForwardDriver {
  /** Fills the target, or as much of it as the request allows. */
  read(request: ForwardRequest): Promise<Uint8Array>;
  /** Optional. Reads elsewhere in the source. */
  readFar?(request: ByteRequest): Promise<Uint8Array>;
  /** Completes work that was put off while the walk continued. */
  settle(): Promise<void>;
}

/**
 * Drives a forward-only walk. Bytes that the walk yields stay valid until they
 * are settled: before the next request is answered, and at the end.
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
      // The walk adds its position to the error.
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
  throw new TypeError("Cannot look ahead in a forward-only stream");
}

/** Implements reading for a {@linkcode ForwardDriver} from a source. */
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
