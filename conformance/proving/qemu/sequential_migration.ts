import type { QmpClient } from "../../../reference/doors/qemu.ts";
import { runMigration } from "./run_migration.ts";

/** How to migrate without mapped-ram. */
export interface SequentialMigration {
  readonly capabilities?: readonly string[];
  /** Parameters besides the bandwidth, which is not limited unless told. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

interface MigratingQemu {
  readonly qmp: QmpClient;
}

/** Migrates, pages as records, and waits until that is done. */
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
