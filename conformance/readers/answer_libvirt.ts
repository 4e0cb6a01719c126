import { type ByteSource, RuleError } from "../../mod.ts";
import {
  readLibvirtHeader,
  readLibvirtTexts,
} from "../../reference/doors/convert.ts";

/** Returns the header of a libvirt save image; nothing if there is none. */
export async function answerLibvirt(source: ByteSource): Promise<object> {
  try {
    const header = await readLibvirtHeader(source);
    if (header === undefined) return {};
    const { xml: _, cookie: __, ...fields } = header;
    const texts = await readLibvirtTexts(source, header);
    return { libvirt: { ...fields, ...texts } };
  } catch (error) {
    // The reader of snapshots refuses it too, and names the rule.
    if (!(error instanceof RuleError)) throw error;
    return {};
  }
}
