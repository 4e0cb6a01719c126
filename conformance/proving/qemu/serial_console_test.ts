import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { ScratchDirectory } from "./scratch_directory.ts";
import { SerialConsole } from "./serial_console.ts";

test("SerialConsole splits lines, and counts ticks", async () => {
  using scratch = new ScratchDirectory();
  using serial = await SerialConsole.listen(scratch.file("console"));
  const seen: string[] = [];
  const last = serial.collect("see all", (line) => {
    seen.push(line);
    return line === "last" ? seen.length : undefined;
  });
  const second = serial.waitForLine("tick 2");
  const guest = await connected(scratch.file("console"));
  guest.write("half of a li");
  guest.write("ne\r\ntick 1 0.50\nti");
  guest.write("ck 2 1.50\nlast\ntick 3 2.50\n");
  assert.equal(await last, 4);
  const expected = ["half of a line", "tick 1 0.50", "tick 2 1.50", "last"];
  assert.deepEqual(seen, expected);
  assert.equal(await second, "tick 2 1.50");
  if (serial.ticks < 3) await serial.waitForLine("tick 3");
  assert.equal(serial.ticks, 3);
});

test("SerialConsole.send() keeps lines until QEMU connects", async () => {
  using scratch = new ScratchDirectory();
  using serial = await SerialConsole.listen(scratch.file("console"));
  serial.send("one");
  const guest = await connected(scratch.file("console"));
  const answer = serial.waitForLine("answer");
  guest.write("answer\n");
  await answer;
  serial.send("two");
  serial[Symbol.dispose]();
  assert.equal(await allFrom(guest), "one\ntwo\n");
});

test("SerialConsole.collect() rejects with the error of its function", async () => {
  using scratch = new ScratchDirectory();
  using serial = await SerialConsole.listen(scratch.file("console"));
  const refused = serial.collect("see a", (line) => {
    throw new Error(`not ${line}`);
  });
  const guest = await connected(scratch.file("console"));
  guest.write("b\n");
  await assert.rejects(refused, /not b/);
});

test("SerialConsole rejects after a timeout and when QEMU disconnects", async () => {
  using scratch = new ScratchDirectory();
  using serial = await SerialConsole.listen(scratch.file("console"));
  await assert.rejects(
    serial.waitForLine("x", { timeoutMs: 1 }),
    /Cannot see a line "x" of the guest: nothing after 1 ms/,
  );
  const guest = await connected(scratch.file("console"));
  const waiting = serial.waitForLine("x");
  guest.end("the last line\n");
  await assert.rejects(waiting, /QEMU is gone.*"the last line"/);
  await assert.rejects(serial.waitForLine("x"), /QEMU is gone/);
});

test("disposing of a SerialConsole leaves no files", async () => {
  using scratch = new ScratchDirectory();
  const serial = await SerialConsole.listen(scratch.file("a,b"));
  assert.ok(serial.args.includes(
    `socket,id=console,path=${scratch.path}/a,,b`,
  ));
  const waiting = serial.waitForLine("x");
  serial[Symbol.dispose]();
  await assert.rejects(waiting, /QEMU is gone/);
  assert.deepEqual(readdirSync(scratch.path), []);
});

async function connected(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, "connect");
  return socket;
}

async function allFrom(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8");
  for await (const part of socket) text += part;
  return text;
}
