import { CAPABILITY_MAPPED_RAM } from "../../format/stream/mod.ts";
import { openFileSource } from "../local/mod.ts";
import {
  hasOption,
  isObject,
  type QmpClient,
  quoteWords,
  startQemu,
  textOf,
} from "../qemu/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { SourceError } from "../sources/mod.ts";
import type { WaitOptions } from "../work/mod.ts";
import { describeRunningQemu } from "./describe_running_qemu.ts";
import { describeSnapshot } from "./describe_snapshot.ts";
import type { MachineDescription } from "./machine_description.ts";

/** Options of describing a QEMU by starting it. */
export interface DescribeQemuOptions extends WaitOptions {
  /** QEMU's program. Default: `qemu-system-x86_64`. */
  readonly program?: string | undefined;
}

const TIMEOUT = 60_000;
const UNLIMITED = 2 ** 40;

/**
 * Returns the machine of a QEMU with these arguments: starts QEMU without
 * running its guest, makes it save its initial state, ends it, and reads the
 * file like any snapshot. QEMU opens its disks and its network as usual.
 *
 * The timeout (default: 60 s) applies to the start and to the save separately.
 *
 * @throws {SourceError} if it does not start or cannot save; with QEMU's
 * message
 *
 * @example
 * ```ts
 * import { describeQemu } from "../doors/qemu.ts";
 *
 * async function ramBlocks(args: readonly string[]): Promise<string[]> {
 *   const { blocks } = await describeQemu(args);
 *   return blocks.map(({ idstr }) => idstr);
 * }
 * ```
 */
export async function describeQemu(
  args: readonly string[],
  options: DescribeQemuOptions = {},
): Promise<MachineDescription> {
  const { program, signal, timeout = TIMEOUT } = options;
  const added = [
    ...hasOption(args, "S") ? [] : ["-S"],
    ...hasOption(args, "display") ? [] : ["-display", "none"],
  ];
  await using qemu = await startQemu([...args, ...added], {
    program,
    incoming: false,
    signal,
    timeout,
  });
  const asked = await qemu.whileRunning(
    describeRunningQemu(qemu.qmp, { signal, timeout }),
  );
  if (!asked.capabilities.includes(CAPABILITY_MAPPED_RAM)) {
    return { ...asked, runState: undefined };
  }
  const path = `${qemu.directory}/state.mr`;
  await qemu.whileRunning(saveState(qemu.qmp, path, { signal, timeout }));
  using source = openFileSource(path);
  const saved = await describeSnapshot(await openSnapshot(source), { signal });
  const { name, version, machines, capabilities, uuid, cpuFeatures } = asked;
  return {
    ...saved,
    name,
    version,
    machines,
    capabilities,
    uuid,
    cpuFeatures,
    unknown: saved.sections === undefined
      ? [`devices: ${name} writes no vmdesc that describes them`]
      : [],
  };
}

/** Makes a QEMU save its state with mapped-ram, and waits for the end. */
async function saveState(
  qmp: QmpClient,
  path: string,
  options: WaitOptions,
): Promise<void> {
  const capabilities = [CAPABILITY_MAPPED_RAM, "events"]
    .map((capability) => ({ capability, state: true }));
  await qmp.execute("migrate-set-capabilities", { capabilities }, options);
  const rate = { "max-bandwidth": UNLIMITED };
  await qmp.execute("migrate-set-parameters", rate, options);
  const ended = qmp.waitForEvent(
    ({ event, data }) =>
      event === "MIGRATION" &&
      ["completed", "failed"].includes(textOf(data.status)),
    options,
  );
  ended.catch(() => {});
  await qmp.execute("migrate", { uri: `file:${path}` }, options);
  const { data } = await ended;
  if (data.status === "completed") return;
  const info = await qmp.execute("query-migrate", {}, options);
  const reason = isObject(info) ? textOf(info["error-desc"]) : "";
  throw new SourceError(
    qmp.name,
    `Cannot save the state of QEMU ${qmp.version} to compare it: ` +
      `${quoteWords(reason) || "it failed"}`,
  );
}
