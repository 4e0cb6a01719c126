import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type ByteChannel, QmpClient } from "../../../reference/doors/qemu.ts";
import { listVectors } from "../../vectors/list_vectors.ts";
import { findQemu, qemuVersion } from "./find_qemu.ts";
import { outcomeOf } from "./load_outcome.ts";
import { qemuTest } from "./qemu_test_case.ts";
import { MigrationError } from "./run_migration.ts";
import { TRIALS, type Trials } from "./trials.ts";
import { tryVector } from "./try_vector.ts";

/** Opens a monitor that calls `onCommand` for the command after its opening. */
async function openMonitor(
  onCommand: (say: (line: string | undefined) => void) => void,
): Promise<QmpClient> {
  const lines: (string | undefined)[] = ['{"QMP":{}}'];
  let wake = () => {};
  const say = (line: string | undefined) => {
    lines.push(line);
    wake();
  };
  let commands = 0;
  const channel: ByteChannel = {
    name: "unix:/tmp/some-folder/qmp",
    async read() {
      while (lines.length === 0) {
        await new Promise<void>((resolve) => wake = resolve);
      }
      const line = lines.shift();
      return line === undefined
        ? undefined
        : new TextEncoder().encode(`${line}\n`);
    },
    write() {
      if (++commands === 2) onCommand(say);
      else say('{"return":{},"id":1}');
      return Promise.resolve();
    },
    close() {},
  };
  return await QmpClient.open(channel);
}

/** Returns the outcome of a load that a monitor ends in this way. */
async function outcomeBy(
  onCommand: (say: (line: string | undefined) => void) => void,
  stderr = "",
): Promise<ReturnType<typeof outcomeOf>> {
  const qmp = await openMonitor(onCommand);
  try {
    await qmp.execute("migrate-incoming", {}, { timeout: 50 });
  } catch (error) {
    return outcomeOf({ error, isGone: qmp.isClosed, stderr });
  } finally {
    qmp.close();
  }
  return assert.fail("it was answered");
}

test("outcomeOf() tells a QEMU that ends from one that does not answer", async () => {
  assert.deepEqual(await outcomeBy((say) => say(undefined)), {
    outcome: "crashes",
  });
  assert.deepEqual(await outcomeBy(() => {}), { outcome: "hangs" });
});

test("outcomeOf() has QEMU's own words about a refusal", async () => {
  const refuse = (desc: string) => (say: (line: string) => void) =>
    say(JSON.stringify({ id: 2, error: { class: "GenericError", desc } }));
  // Words that sound like another outcome.
  for (const detail of ["no answer", "it is gone", "timeout after 9 ms"]) {
    assert.deepEqual(await outcomeBy(refuse(detail)), {
      outcome: "refuses",
      detail,
    });
  }
  assert.deepEqual(
    await outcomeBy(refuse("I/O"), "qemu-system-x86_64: bad flags\nmore\n"),
    { outcome: "refuses", detail: "bad flags" },
  );
  assert.deepEqual(
    await outcomeBy(refuse("Unknown ramblock x")),
    { outcome: "not tried", detail: "the machine does not fit" },
  );
  const error = new MigrationError("migrate-incoming", "no stream");
  assert.deepEqual(
    outcomeOf({ error, isGone: false, stderr: "" }),
    { outcome: "refuses", detail: "no stream" },
  );
});

test("outcomeOf() throws an error that is not about QEMU", () => {
  const error = new TypeError("a mistake");
  assert.throws(() => outcomeOf({ error, isGone: false, stderr: "" }), error);
});

const { version, trials }: Trials = JSON.parse(readFileSync(TRIALS, "utf8"));
const QEMU = findQemu("x86_64");
const isRecorded = QEMU !== undefined &&
  qemuVersion(QEMU).includes(`version ${version} `);

qemuTest("tryVector() has the recorded outcomes", "x86_64", async () => {
  const vectors = new Map(listVectors().map((it) => [it.path, it]));
  const crashes = trials.filter(({ outcome }) => outcome === "crashes");
  const others = ["loads", "refuses"].flatMap((outcome) =>
    trials.filter((it) => it.outcome === outcome).slice(0, 2)
  );
  assert.ok(crashes.length > 0 && others.length > 0);
  for (const recorded of [...crashes, ...others]) {
    const vector = vectors.get(recorded.path) ?? assert.fail(recorded.path);
    const trial = await tryVector(vector, []);
    if (isRecorded) assert.deepEqual(trial, recorded);
    assert.ok(!trial.detail?.includes("/tmp"), trial.detail);
  }
});
