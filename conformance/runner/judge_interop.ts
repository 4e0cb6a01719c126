import { Buffer } from "node:buffer";
import type {
  ByteSource,
  RuleSlug,
  Snapshot,
  VerifyReport,
} from "../../mod.ts";
import { isJsonObject } from "./differences.ts";
import type { WriterCase } from "./writer_cases.ts";

/** Bytes of the head of RAM's START, and of an END with its footer. */
const START_HEAD = 1 + 4 + 1 + 3 + 4 + 4;
const FOOTER = 1 + 4;
const END = 1 + 4 + 8 + FOOTER;

/**
 * Returns the rules of kind interop that a file breaks: QEMU does not load it,
 * or its script does not read it (SPEC.md 6.1).
 */
export async function judgeInterop(
  source: ByteSource,
  { snapshot, deviceState, save }: {
    readonly snapshot: Snapshot;
    readonly deviceState: VerifyReport["deviceState"];
    readonly save: WriterCase;
  },
): Promise<string[]> {
  const { index, capabilities } = snapshot;
  const { configuration, ramSection, ramSetup, ramPartCount } = index;
  const broken: string[] = [];
  const expect = (isKept: boolean, rule: RuleSlug, found: string) => {
    if (!isKept) broken.push(`${found} (${rule})`);
  };
  expect(
    capabilities.join() === "mapped-ram",
    "interop-capabilities",
    `the capabilities are ${capabilities}`,
  );
  // 4096 is the page of x86, whose files do not have target-page-bits.
  const bits = configuration.targetPageBits;
  expect(
    bits === undefined || save.pageSize !== 4096,
    "interop-page-bits",
    `target-page-bits is ${bits} with pages of 4096 bytes`,
  );
  expect(
    ramSection.sectionId !== 0 && ramPartCount === 0,
    "interop-sections",
    `the RAM section ${ramSection.sectionId} has ${ramPartCount} PARTs`,
  );
  const setupEnd = ramSetup.offset + ramSetup.length + FOOTER;
  const { eofOffset, vmdesc } = deviceState ?? {};
  const between = [
    ramSetup.offset - START_HEAD - index.configurationEnd,
    ramPartCount > 0 ? 0 : index.ramEnd - END - setupEnd,
    (eofOffset ?? index.ramEnd) - index.ramEnd,
  ];
  expect(
    between.every((length) => length === 0),
    "interop-commands",
    `${between.join(", ")} bytes of other items around RAM`,
  );
  if (vmdesc !== undefined) {
    const { offset, length } = vmdesc.range;
    const text = Buffer.alloc(length - 5);
    await source.readInto(text, offset + 5);
    const value: unknown = JSON.parse(text.toString());
    const { configuration, page_size } = isJsonObject(value) ? value : {};
    expect(
      isJsonObject(configuration) && page_size === save.pageSize,
      "interop-vmdesc",
      `the vmdesc has the configuration ${typeof configuration} and the ` +
        `page_size ${page_size}`,
    );
  }
  return broken;
}
