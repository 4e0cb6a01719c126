import { type AddressSpace, openElfCore, openLime } from "../../convert/mod.ts";
import type { ConvertInput } from "./convert_input.ts";

/** Opens an ELF core or a LiME file. */
export async function openRanges(
  { source, format }: ConvertInput,
): Promise<AddressSpace> {
  return format === "elf" ? await openElfCore(source) : await openLime(source);
}
