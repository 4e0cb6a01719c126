import type { QmpClient } from "./qmp_client.ts";
import { isObject, type QmpObject, textOf } from "./qmp_message.ts";

/** Settings of QEMU's migration, which apply in both directions. */
export interface MigrationSettings {
  /** Capabilities to turn on. */
  readonly capabilities: readonly string[];
  /** Parameters to set. */
  readonly parameters: QmpObject;
}

/** Options of changing the settings. */
interface ChangeOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Changes settings, and returns a function that changes them back. A capability
 * that stays on after a load makes QEMU refuse saves of another kind.
 */
export async function changeSettings(
  qmp: QmpClient,
  { capabilities, parameters }: MigrationSettings,
  options: ChangeOptions = {},
): Promise<() => Promise<void>> {
  const names = Object.keys(parameters);
  const wereOn = await capabilitiesOf(qmp, options);
  const wereSet = names.length === 0
    ? {}
    : await qmp.execute("query-migrate-parameters", {}, options);
  await setCapabilities(qmp, { names: capabilities, state: true }, options);
  if (names.length > 0) {
    await qmp.execute("migrate-set-parameters", parameters, options);
  }
  return async () => {
    const off = capabilities.filter((it) => wereOn.get(it) === false);
    if (off.length > 0) {
      await setCapabilities(qmp, { names: off, state: false });
    }
    const old = Object.entries(isObject(wereSet) ? wereSet : {})
      .filter(([name]) => names.includes(name));
    if (old.length === 0) return;
    await qmp.execute("migrate-set-parameters", Object.fromEntries(old));
  };
}

/** Returns whether each capability that QEMU has is on. */
async function capabilitiesOf(
  qmp: QmpClient,
  options: ChangeOptions,
): Promise<ReadonlyMap<string, unknown>> {
  const answer = await qmp.execute("query-migrate-capabilities", {}, options);
  const list = Array.isArray(answer) ? answer.filter(isObject) : [];
  return new Map(list.map((it) => [textOf(it.capability), it.state]));
}

async function setCapabilities(
  qmp: QmpClient,
  { names, state }: {
    readonly names: readonly string[];
    readonly state: boolean;
  },
  options: ChangeOptions = {},
): Promise<void> {
  await qmp.execute("migrate-set-capabilities", {
    capabilities: names.map((capability) => ({ capability, state })),
  }, options);
}
