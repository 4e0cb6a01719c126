import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { startIncoming } from "./incoming.ts";
import { type FakeCommand, FakeQemu } from "./testing/fake_qemu.ts";

const FILE = { transport: "file", filename: "/vm.mr", offset: 0 } as const;

function migration(status: string) {
  return { event: "MIGRATION", data: { status } };
}

/** A QEMU that sends these messages when it receives `migrate-incoming`. */
function qemuThat(
  lines: readonly unknown[],
  answers: Readonly<Record<string, unknown>> = {},
) {
  return FakeQemu.open(({ execute, id }: FakeCommand) => [
    ...execute === "migrate-incoming" ? lines : [],
    { return: answers[execute] ?? {}, id },
  ]);
}

function names(qemu: FakeQemu): string[] {
  return qemu.commands.map(({ execute }) => execute).slice(1);
}

test("startIncoming() changes capabilities and parameters for a load only", async () => {
  const resumed = [migration("active"), { event: "RESUME" }];
  const { qemu, qmp } = await qemuThat([...resumed, migration("completed")], {
    "query-migrate-capabilities": [
      { capability: "events", state: true },
      { capability: "mapped-ram", state: false },
      { capability: "xbzrle", state: false },
    ],
    "query-migrate-parameters": { "multifd-channels": 3, "max-bandwidth": 9 },
  });
  using _qemu = qemu;
  const { guest, completed, restored } = await startIncoming(qmp, FILE, {
    capabilities: ["mapped-ram"],
    parameters: { "multifd-channels": 2 },
  });
  const { status, milliseconds } = await guest;
  assert.equal(status, "running");
  assert.ok(milliseconds > 0);
  await completed;
  await restored;
  const changes = qemu.commands.slice(1)
    .filter(({ execute }) => !execute.startsWith("query-"));
  assert.deepEqual(
    changes.map((it) => [it.execute, it.arguments]),
    [
      ["migrate-set-capabilities", {
        capabilities: [
          { capability: "events", state: true },
          { capability: "mapped-ram", state: true },
        ],
      }],
      ["migrate-set-parameters", { "multifd-channels": 2 }],
      ["migrate-incoming", {
        channels: [{ "channel-type": "main", addr: FILE }],
        "exit-on-error": false,
      }],
      ["migrate-set-capabilities", {
        capabilities: [{ capability: "mapped-ram", state: false }],
      }],
      ["migrate-set-parameters", { "multifd-channels": 3 }],
    ],
  );
});

test("startIncoming() changes capabilities back when a load fails", async () => {
  const off = [{ capability: "mapped-ram", state: false }];
  const capabilities = ["mapped-ram"];
  const answers = { "query-migrate-capabilities": off };
  for (const isRefused of [false, true]) {
    const { qemu, qmp } = await FakeQemu.open(({ execute, id }) => {
      const isLoad = execute === "migrate-incoming";
      if (isLoad && isRefused) {
        return [{ id, error: { class: "GenericError", desc: "no" } }];
      }
      return [
        { return: answers[execute as keyof typeof answers] ?? {}, id },
        ...isLoad ? [migration("failed")] : [],
      ];
    });
    using _qemu = qemu;
    const loading = startIncoming(qmp, FILE, { capabilities });
    if (isRefused) await assert.rejects(loading, /: no$/);
    else await (await loading).restored;
    const last = qemu.commands.findLast(({ execute }) =>
      execute === "migrate-set-capabilities"
    );
    assert.deepEqual(last?.arguments, { capabilities: off });
  }
});

test("startIncoming() resolves while the guest is being loaded", async () => {
  const { qemu, qmp } = await qemuThat([]);
  using _qemu = qemu;
  const { guest, completed } = await startIncoming(qmp, "unix:/run/vm.sock");
  assert.equal(qemu.commands.at(-1)?.arguments.uri, "unix:/run/vm.sock");
  let isCompleted = false;
  completed.then(() => isCompleted = true);
  qemu.say({ event: "RESUME" });
  assert.equal((await guest).status, "running");
  assert.equal(isCompleted, false);
  qemu.say(migration("completed"));
  await completed;
});

test("startIncoming() leaves a guest paused that was saved paused, unless asked to run it", async () => {
  const lines = [migration("completed")];
  const status = { status: "paused" };
  {
    const { qemu, qmp } = await qemuThat(lines, { "query-status": status });
    using _qemu = qemu;
    const { guest } = await startIncoming(qmp, FILE);
    assert.equal((await guest).status, "paused");
    assert.ok(!names(qemu).includes("cont"));
  }
  const { qemu, qmp } = await FakeQemu.open(({ execute, id }) => {
    const running = execute === "query-status" &&
      qemu.commands.filter((it) => it.execute === "cont").length > 1;
    return [
      ...execute === "migrate-incoming" ? lines : [],
      { return: running ? { status: "running" } : status, id },
    ];
  });
  using _qemu = qemu;
  const { guest } = await startIncoming(qmp, FILE, { start: true });
  assert.equal((await guest).status, "running");
  assert.deepEqual(names(qemu), [
    "query-migrate-capabilities",
    "migrate-set-capabilities",
    "cont",
    "migrate-incoming",
    "query-status",
    "cont",
    "query-status",
  ]);
});

test("startIncoming() rejects with QEMU's own text when the load fails", async () => {
  const { qemu, qmp } = await qemuThat([migration("failed")], {
    "query-migrate": { status: "failed", "error-desc": "Unknown ramblock" },
  });
  using _qemu = qemu;
  const { guest, completed } = await startIncoming(qmp, FILE);
  for (const it of [guest, completed]) {
    await assert.rejects(it, (error) => {
      assert.ok(error instanceof SourceError);
      assert.equal(error.message, "Cannot resume the guest: Unknown ramblock");
      return true;
    });
  }
});

test("startIncoming() rejects and stops waiting when a command is refused", async () => {
  const { qemu, qmp } = await FakeQemu.open(({ execute, id }) => [
    execute === "migrate-incoming"
      ? { error: { class: "GenericError", desc: "not -incoming defer" }, id }
      : { return: {}, id },
  ]);
  using _qemu = qemu;
  await assert.rejects(startIncoming(qmp, FILE), /not -incoming defer$/);
});

test("startIncoming() rejects when a guest never runs or QEMU dies", async () => {
  const { qemu, qmp } = await qemuThat([]);
  using _qemu = qemu;
  const slow = await startIncoming(qmp, FILE, { timeout: 5 });
  await assert.rejects(slow.guest, /it does not run after 5 ms$/);
  const stop = new AbortController();
  const { guest } = await startIncoming(qmp, FILE, { signal: stop.signal });
  stop.abort(new Error("enough"));
  await assert.rejects(guest, /enough/);

  const dying = await startIncoming(qmp, FILE);
  qemu.pair.other.destroy();
  await assert.rejects(dying.guest, SourceError);
  await assert.rejects(dying.completed, SourceError);
});
