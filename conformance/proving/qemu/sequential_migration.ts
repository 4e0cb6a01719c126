import type { QmpClient } from "../../../reference/doors/qemu.ts";
import { runMigration } from "./run_migration.ts";

/** Options for migrating without mapped-ram. */
export interface SequentialMigration {
  readonly capabilities?: readonly string[];
  /** Migration parameters; the bandwidth is unlimited unless set here. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

interface MigratingQemu {
  readonly qmp: QmpClient;
}

/** Migrates with pages as records, and waits for completion. */
export async function migrateSequentially(
  qemu: MigratingQemu,
  uri: string,
  options: SequentialMigration = {},
): Promise<void> {
  await prepare(qemu, options);
  await runMigration(qemu.qmp, "migrate", { uri });
}

/** Loads a sequential stream; QEMU was started with `-incoming defer`. */
export async function loadSequentially(
  qemu: MigratingQemu,
  uri: string,
  options: SequentialMigration = {},
): Promise<void> {
  await prepare(qemu, options);
  await runMigration(qemu.qmp, "migrate-incoming", { uri });
}

async function prepare(
  { qmp }: MigratingQemu,
  { capabilities = [], parameters = {} }: SequentialMigration,
): Promise<void> {
  await qmp.execute("migrate-set-capabilities", {
    capabilities: ["events", ...capabilities].map((capability) => ({
      capability,
      state: true,
    })),
  });
  await qmp.execute("migrate-set-parameters", {
    "max-bandwidth": 2 ** 40,
    ...parameters,
  });
}
