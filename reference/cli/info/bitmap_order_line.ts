import type { BitmapOrder } from "../../../format/bitmap/mod.ts";
import type { OpenOptions } from "../../reading/mod.ts";
import type { BitmapOrderEvidence } from "./bitmap_order_evidence.ts";

/**
 * Describes the order of the bitmaps' words. Returns undefined if there is no
 * evidence against the order in which they were read.
 */
export function bitmapOrderLine(
  evidence: BitmapOrderEvidence,
  { bitmapByteOrder = "little", bitmapWordSize = 8 }: OpenOptions,
): string | undefined {
  const { machineHint, possible, hasPadding } = evidence;
  const used: BitmapOrder = {
    byteOrder: bitmapByteOrder,
    wordSize: bitmapWordSize,
  };
  const fits = possible.some((it) => isSame(it, used));
  const hinted = machineHint !== undefined && !isSame(machineHint, used);
  if (fits && !hinted) return undefined;
  const reasons = [
    ...(fits || !hasPadding ? [] : ["bits are set after the last page"]),
    ...(hinted ? ["machines of this type mostly run on big-endian hosts"] : []),
  ];
  const others = possible.filter((it) => !isSame(it, used));
  const choice = others.length === 0
    ? "no other order fits either"
    : `try ${others.map(optionsFor).join(", or ")}`;
  return `read as ${nameOf(used)}, but ${reasons.join(", and ")}: ${choice}`;
}

function isSame(a: BitmapOrder, b: BitmapOrder): boolean {
  return a.byteOrder === b.byteOrder && a.wordSize === b.wordSize;
}

function nameOf({ byteOrder, wordSize }: BitmapOrder): string {
  return `${byteOrder}-endian words of ${wordSize} bytes`;
}

function optionsFor({ byteOrder, wordSize }: BitmapOrder): string {
  return `--bitmap-byte-order ${byteOrder} --bitmap-word-size ${wordSize}`;
}
