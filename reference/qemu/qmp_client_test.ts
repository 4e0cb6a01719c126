import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { QmpClient } from "./qmp_client.ts";
import { ConnectedPair } from "./testing/connected_pair.ts";
import { FakeQemu, GREETING } from "./testing/fake_qemu.ts";

/** Whether it is a SourceError with this text. */
function says(words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof SourceError, String(error));
    assert.match(error.message, words);
    return true;
  };
}

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
  // The late answer is not taken for another command's.
  assert.equal(await qmp.execute("next"), "next");

  function ok(id: number): unknown {
    return { return: "next", id };
  }
});

test("all that wait reject when QEMU dies, and all that come later", async () => {
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

test("close() rejects what waits", async () => {
  const { qemu, qmp } = await FakeQemu.open(silent);
  using _qemu = qemu;
  const waiting = assert.rejects(qmp.execute("x"), says(/was closed$/));
  qmp.close();
  await waiting;
});

const NONSENSE: Readonly<Record<string, readonly unknown[]>> = {
  "no JSON": ["hello"],
  "no object": ["[1]"],
  "null": ["null"],
  "an empty line": [""],
  "neither answer nor event": [{ x: 1 }],
  "an answer to nothing": [{ return: {}, id: 99 }],
  "an answer without id": [{ return: {} }],
  "an error without id": [{ error: { class: "X", desc: "bad JSON" } }],
  "an id of another kind": [{ return: {}, id: "1" }],
  "an event of another kind": [{ event: 7 }],
};

for (const [name, lines] of Object.entries(NONSENSE)) {
  test(`execute() rejects when it hears ${name}`, async () => {
    const { qemu, qmp } = await FakeQemu.open(() => lines);
    using _qemu = qemu;
    await assert.rejects(qmp.execute("x"), says(/^Cannot execute x: /));
    await assert.rejects(qmp.execute("y"), says(/^Cannot execute y: /));
  });
}

test("open() rejects an end without a greeting, and closes the channel", async () => {
  for (const lines of [["HTTP/1.1 400 Bad Request"], [{ hello: 1 }]]) {
    const pair = await ConnectedPair.open();
    using qemu = new FakeQemu(pair, silent);
    qemu.say(...lines);
    await assert.rejects(
      QmpClient.open(pair.channel),
      says(/^Cannot talk to QEMU: /),
    );
    await assert.rejects(pair.channel.write(new Uint8Array(1)), SourceError);
  }
});

test("open() rejects an end that sends nothing, or disconnects", async () => {
  {
    using pair = await ConnectedPair.open();
    await assert.rejects(
      QmpClient.open(pair.channel, { timeout: 5 }),
      says(/^Cannot talk to QEMU: no answer from unix:.* in 5 ms$/),
    );
  }
  using pair = await ConnectedPair.open();
  pair.other.write('{"QMP": {"versi');
  pair.other.end();
  await assert.rejects(
    QmpClient.open(pair.channel),
    says(/^Cannot talk to QEMU: the connection .*QEMU has closed it$/),
  );
});

test("what QEMU says comes into errors as one line of bounded length", async () => {
  const desc = `no\x1b[2J\r\nsuch\u2028\x9bthing${"!".repeat(2 ** 20)}`;
  const { qemu, qmp } = await FakeQemu.open(({ id }) => {
    return [{ error: { class: "GenericError", desc }, id }];
  });
  using _qemu = qemu;
  await assert.rejects(qmp.execute("x"), (error) => {
    assert.ok(error instanceof SourceError);
    assert.match(error.message, /^Cannot execute x: no \[2J such thing!+ …$/);
    assert.ok(error.message.length < 3000);
    return true;
  });
});

test("values as deep as a line is long are no text, and recur nowhere", async () => {
  const deep = "[".repeat(2 ** 20) + "]".repeat(2 ** 20);
  for (
    const line of [
      `{"return": ${deep}, "id": ID}`,
      `{"error": {"class": ${deep}, "desc": ${deep}}, "id": ID}`,
      `{"event": "X", "data": ${deep}, "timestamp": ${deep}}`,
      `{"QMP": {"version": {"qemu": {"major": ${deep}}}}}`,
    ]
  ) {
    const { qemu, qmp } = await FakeQemu.open(({ id }) => {
      return [line.replaceAll("ID", String(id)), { return: "as ever", id }];
    });
    using _qemu = qemu;
    try {
      const answer = await qmp.monitor("x");
      assert.ok(["", "as ever"].includes(answer), answer.slice(0, 80));
    } catch (error) {
      // A runtime whose JSON.parse has a lower depth limit.
      assert.ok(error instanceof SourceError, String(error));
    }
  }
});

test("a line without end is refused at 4 MiB", async () => {
  using pair = await ConnectedPair.open();
  const part = "x".repeat(2 ** 20);
  pair.other.write(JSON.stringify(GREETING).slice(0, -1));
  let sent = 0;
  const opening = assert.rejects(
    QmpClient.open(pair.channel),
    says(/found a line of more than 4194304 bytes$/),
  );
  pair.other.on("drain", send);
  function send(): void {
    while (sent < 64 && pair.other.write(part)) sent++;
  }
  send();
  await opening;
  assert.ok(sent < 16, `${sent} MiB were taken`);
});

test("an answer of some MiB is taken", async () => {
  const { qemu, qmp } = await FakeQemu.open(({ id }) => {
    return [{ return: "x".repeat(3 * 2 ** 20), id }];
  });
  using _qemu = qemu;
  assert.equal(String(await qmp.execute("x")).length, 3 * 2 ** 20);
});

/** The ids of the first commands, once that many have arrived. */
async function commands(qemu: FakeQemu, count: number): Promise<number[]> {
  while (qemu.commands.length < count) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return qemu.commands.map(({ id }) => id);
}
