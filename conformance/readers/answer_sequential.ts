import type { ByteSource } from "../../mod.ts";
import {
  openSequential,
  type OpenSequentialOptions,
} from "../../reference/doors/convert.ts";
import { describeBlock } from "./describe_block.ts";
import { refusalOf } from "./refusal_of.ts";

/**
 * Returns the contents of a sequential stream, or the error that refuses it.
 */
export async function answerSequential(
  source: ByteSource,
  { offset }: OpenSequentialOptions,
): Promise<object> {
  try {
    using stream = await openSequential(source, { offset });
    const { machine, pageSize } = stream;
    const blocks = [];
    for (const block of stream.blocks) blocks.push(await describeBlock(block));
    return { sequential: { machine, pageSize, blocks } };
  } catch (error) {
    return { sequentialError: refusalOf(error) };
  }
}
