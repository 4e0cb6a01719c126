import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { QmpClient } from "./qmp_client.ts";
import { ConnectedPair } from "./testing/connected_pair.ts";
import { FakeQemu, GREETING } from "./testing/fake_qemu.ts";
import { says } from "./testing/says_of.ts";

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
  test(`execute() rejects when it receives ${name}`, async () => {
    const { qemu, qmp } = await FakeQemu.open(() => lines);
    using _qemu = qemu;
    await assert.rejects(qmp.execute("x"), says(/^Cannot execute x: /));
    await assert.rejects(qmp.execute("y"), says(/^Cannot execute y: /));
  });
}

test("open() rejects and closes the channel when there is no greeting", async () => {
  for (const lines of [["HTTP/1.1 400 Bad Request"], [{ hello: 1 }]]) {
    const pair = await ConnectedPair.open();
    using qemu = new FakeQemu(pair, () => []);
    qemu.say(...lines);
    await assert.rejects(
      QmpClient.open(pair.channel),
      says(/^Cannot talk to QEMU: /),
    );
    await assert.rejects(pair.channel.write(new Uint8Array(1)), SourceError);
  }
});

test("open() rejects when the other end sends nothing or disconnects", async () => {
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

test("errors quote QEMU's text as one line of bounded length", async () => {
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

test("deeply nested values are ignored and exhaust no stack", async () => {
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
      return [line.replaceAll("ID", String(id)), { return: "normal", id }];
    });
    using _qemu = qemu;
    try {
      const answer = await qmp.monitor("x");
      assert.ok(["", "normal"].includes(answer), answer.slice(0, 80));
    } catch (error) {
      // A runtime whose JSON.parse has a lower depth limit.
      assert.ok(error instanceof SourceError, String(error));
    }
  }
});

test("a line is refused when it exceeds 4 MiB", async () => {
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

test("an answer of 3 MiB is accepted", async () => {
  const { qemu, qmp } = await FakeQemu.open(({ id }) => {
    return [{ return: "x".repeat(3 * 2 ** 20), id }];
  });
  using _qemu = qemu;
  assert.equal(String(await qmp.execute("x")).length, 3 * 2 ** 20);
});
