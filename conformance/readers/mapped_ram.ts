/**
 * This repository's reader as a program for the suite: path in, JSON out.
 *
 * ```sh
 * deno task conformance deno run -A conformance/readers/mapped_ram.ts
 * ```
 *
 * @module
 */

import process from "node:process";
import {
  type ByteSource,
  openFileSource,
  type OpenOptions,
  openSnapshot,
  verifySnapshot,
} from "../../mod.ts";
import { answerBitmaps } from "./answer_bitmaps.ts";
import { answerLibvirt } from "./answer_libvirt.ts";
import { answerPacked } from "./answer_packed.ts";
import { answerProfile } from "./answer_profile.ts";
import { answerSequential } from "./answer_sequential.ts";
import { answerVerity } from "./answer_verity.ts";
import { describeBlock } from "./describe_block.ts";
import { refusalOf } from "./refusal_of.ts";

/** Options of a vector. */
export interface AnswerOptions extends OpenOptions {
  /** Path of a working-set profile. */
  readonly profile?: string;
  /** Path of a sidecar, and the digest of the file. */
  readonly verity?: string;
  readonly digest?: string;
}

/** Reads a file and returns an answer in the form of `expected.json`. */
export async function answer(
  path: string,
  { profile, verity, digest = "", ...options }: AnswerOptions,
): Promise<object> {
  using source = openFileSource(path);
  if (verity !== undefined) return answerVerity(source, { verity, digest });
  if (await isPacked(source)) return await answerPacked(path);
  const libvirt = await answerLibvirt(source);
  try {
    const snapshot = await openSnapshot(source, options);
    const blocks = [];
    for (const block of snapshot.blocks) {
      const { pageSize, bitmapOffset, pagesOffset, ignored } = block;
      blocks.push({
        ...ignored ? { ignored } : {},
        ...await describeBlock(block),
        pageSize,
        bitmapOffset,
        pagesOffset,
      });
    }
    const { findings } = await verifySnapshot(source, options);
    const { machine, capabilities } = snapshot;
    return {
      machine,
      capabilities,
      blocks,
      findings: [...new Set(findings.map(({ rule }) => rule))].toSorted(),
      ...libvirt,
      ...await answerBitmaps(snapshot),
      ...profile === undefined ? {} : await answerProfile(snapshot, profile),
    };
  } catch (error) {
    const refusal = refusalOf(error);
    const sequential = refusal.rule === "capability-mapped-ram"
      ? await answerSequential(source, options)
      : {};
    return { error: refusal, ...libvirt, ...sequential };
  }
}

/** Whether a file starts with the magic of qcow2. */
async function isPacked(source: ByteSource): Promise<boolean> {
  const magic = new Uint8Array(Math.min(4, source.byteLength));
  await source.readInto(magic, 0);
  return String(magic) === String([0x51, 0x46, 0x49, 0xfb]);
}

/** Parses options such as `--offset=5 --bitmapByteOrder=big`. */
function parseOptions(args: readonly string[]): AnswerOptions {
  return Object.fromEntries(args.map((arg) => {
    const [, name = "", value = ""] = /^--(\w+)=(.*)$/.exec(arg) ?? [];
    return [name, /^\d+$/.test(value) ? Number(value) : value];
  }));
}

if (import.meta.main) {
  const [path = "", ...args] = process.argv.slice(2);
  console.log(JSON.stringify(await answer(path, parseOptions(args))));
}
