import { type ByteSource, RuleError } from "../../mod.ts";
import {
  readLibvirtHeader,
  readLibvirtTexts,
} from "../../reference/doors/convert.ts";

/** What the header of a libvirt save image says; nothing where there is none. */
export async function answerLibvirt(source: ByteSource): Promise<object> {
  try {
    const header = await readLibvirtHeader(source);
    if (header === undefined) return {};
    const { xml: _, cookie: __, ...fields } = header;
    const texts = await readLibvirtTexts(source, header);
    return { libvirt: { ...fields, ...texts } };
  } catch (error) {
    // The reader of snapshots refuses it as well, and says by which rule.
    if (!(error instanceof RuleError)) throw error;
    return {};
  }
}
