import assert from "node:assert/strict";
import { SyncPostcopyLoader } from "../faulting/mod.ts";
import { RecordingInstaller } from "./recording_installer.ts";
import { SteppedMemory } from "./stepped_memory.ts";

/** Bytes of a page of the source. */
export const PAGE = 16;

/** A loader with a source and a memory that a test can inspect. */
export interface PostcopySetup {
  readonly memory: SteppedMemory;
  readonly installer: RecordingInstaller;
  readonly loader: SyncPostcopyLoader;
}

/** Creates such a loader. */
export function setUp(
  pageCount: number,
  options: {
    readonly present?: (page: number) => boolean;
    readonly faultAround?: number;
    readonly pageFirst?: boolean;
    readonly parallelReads?: number;
    readonly origin?: number;
    readonly hostPageSize?: number;
    readonly sourcePages?: number;
  } = {},
): PostcopySetup {
  const { hostPageSize = PAGE, origin, faultAround = hostPageSize } = options;
  const memory = new SteppedMemory(options.sourcePages ?? pageCount, {
    pageSize: PAGE,
    ...options,
  });
  const installer = new RecordingInstaller(pageCount, hostPageSize);
  const loader = new SyncPostcopyLoader(memory, installer, {
    origin,
    faultAround,
    pageFirst: options.pageFirst,
  });
  return { memory, installer, loader };
}

/** Checks all bytes of the memory. */
export function expectBytes(
  { memory, installer }: PostcopySetup,
  options: {
    readonly origin?: number;
    readonly isZero?: (page: number) => boolean;
  } = {},
): void {
  const { origin = 0, isZero = () => false } = options;
  installer.bytes.forEach((byte, at) => {
    const page = Math.floor(at / installer.pageSize);
    const expected = isZero(page) ? 0 : memory.byteAt(origin + at);
    assert.equal(byte, expected, `byte ${at}`);
  });
}
