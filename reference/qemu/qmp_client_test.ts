import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { FakeQemu } from "./testing/fake_qemu.ts";
import { says } from "./testing/says_of.ts";

/** A QEMU that answers only the first command. */
function silent(): readonly unknown[] {
  return [];
}

test("execute() returns QEMU's result in any order", async () => {
  let first: number | undefined;
  const { qemu, qmp } = await FakeQemu.open(({ execute, id }) => {
    if (execute === "first") {
      first = id;
      return [];
    }
    return [{ return: "B", id }, { return: "A", id: first }];
  });
  using _qemu = qemu;
  assert.equal(qmp.version, "10.0.2");
  const answers = [qmp.execute("first"), qmp.execute("second", { x: [1] })];
  assert.deepEqual(await Promise.all(answers), ["A", "B"]);
  assert.deepEqual(qemu.commands.map((it) => [it.execute, it.arguments]), [
    ["qmp_capabilities", {}],
    ["first", {}],
    ["second", { x: [1] }],
  ]);
});

test("execute() rejects with QEMU's own text", async () => {
  const refusal = { class: "GenericError", desc: "No such thing" };
  const { qemu, qmp } = await FakeQemu.open(({ id, execute }) => {
    return [execute === "bad" ? { error: refusal, id } : { return: 1, id }];
  });
  using _qemu = qemu;
  await assert.rejects(qmp.execute("bad"), (error) => {
    assert.ok(error instanceof SourceError);
    assert.equal(error.message, "Cannot execute bad: No such thing");
    assert.deepEqual(error.cause, refusal);
    return true;
  });
  assert.equal(await qmp.execute("good"), 1);
});

test("monitor() returns the output of the human monitor", async () => {
  const { qemu, qmp } = await FakeQemu.open(({ id, arguments: given }) => {
    return [{ return: `${given["command-line"]}: ok\r\n`, id }];
  });
  using _qemu = qemu;
  assert.equal(await qmp.monitor("info status"), "info status: ok\r\n");
});

test("answers may arrive in pieces or together, with characters cut", async () => {
  const { qemu, qmp } = await FakeQemu.open(silent);
  using _qemu = qemu;
  const answers = [qmp.execute("a"), qmp.execute("b"), qmp.execute("c")];
  const [, a, b, c] = await commands(qemu, 4);
  const bytes = new TextEncoder().encode(
    `{"return": "ä€", "id": ${a}}\r\n{"return": "b", "id": ${b}}\n` +
      `{"return": "c", "id": ${c}}\r\n`,
  );
  for (const byte of bytes) {
    qemu.pair.other.write(new Uint8Array([byte]));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.deepEqual(await Promise.all(answers), ["ä€", "b", "c"]);
});

test("waitForEvent() returns the next event that the predicate accepts", async () => {
  const { qemu, qmp } = await FakeQemu.open();
  using _qemu = qemu;
  const status = (wanted: string) =>
    qmp.waitForEvent(({ event, data }) => {
      return event === "MIGRATION" && data.status === wanted;
    });
  const done = status("completed");
  const active = status("active");
  const throwing = qmp.waitForEvent(() => {
    throw new Error("the predicate's own");
  });
  const refused = assert.rejects(throwing, /the predicate's own/);
  qemu.say(
    { event: "RESUME", timestamp: {} },
    { event: "MIGRATION", data: { status: "active" } },
    { event: "MIGRATION", data: { status: "completed", last: 1 } },
  );
  assert.deepEqual((await active).data, { status: "active" });
  assert.deepEqual((await done).data, { status: "completed", last: 1 });
  await refused;
});

test("execute() and waitForEvent() time out", async () => {
  let late: number | undefined;
  const { qemu, qmp } = await FakeQemu.open(({ execute, id }) => {
    if (execute === "next") return [{ return: "late", id: late }, ok(id)];
    late = id;
    return [];
  });
  using _qemu = qemu;
  await assert.rejects(
    qmp.execute("slow", {}, { timeout: 5 }),
    says(/^Cannot execute slow: no answer from unix:.* in 5 ms$/),
  );
  await assert.rejects(
    qmp.waitForEvent(() => true, { timeout: 5 }),
    says(/^Cannot see an event: /),
  );
  const enough = new AbortController();
  const reason = new Error("enough");
  const waits = [
    qmp.execute("slow", {}, { signal: enough.signal }),
    qmp.waitForEvent(() => true, { signal: enough.signal }),
  ].map((it) => assert.rejects(it, reason));
  enough.abort(reason);
  await Promise.all(waits);
  await assert.rejects(
    qmp.execute("slow", {}, { signal: enough.signal }),
    reason,
  );
  // The late answer is not mistaken for another command's.
  assert.equal(await qmp.execute("next"), "next");

  function ok(id: number): unknown {
    return { return: "next", id };
  }
});

test("pending and later calls reject when QEMU dies", async () => {
  const { qemu, qmp } = await FakeQemu.open(silent);
  using _qemu = qemu;
  const waits = [
    qmp.execute("one"),
    qmp.monitor("two"),
    qmp.waitForEvent(() => false),
  ].map((it) => assert.rejects(it, says(/unix:/)));
  await commands(qemu, 3);
  qemu.pair.other.destroy();
  await Promise.all(waits);
  await assert.rejects(qmp.execute("later"), says(/^Cannot execute later: /));
  await assert.rejects(qmp.waitForEvent(() => true), SourceError);
});

test("close() rejects pending calls", async () => {
  const { qemu, qmp } = await FakeQemu.open(silent);
  using _qemu = qemu;
  const waiting = assert.rejects(qmp.execute("x"), says(/was closed$/));
  qmp.close();
  await waiting;
});

/** The ids of the first commands, once that many have arrived. */
async function commands(qemu: FakeQemu, count: number): Promise<number[]> {
  while (qemu.commands.length < count) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return qemu.commands.map(({ id }) => id);
}
