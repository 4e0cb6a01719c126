import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSocketAddress, parseSocketAddress } from "./socket_address.ts";

test("parseSocketAddress() reads what formatSocketAddress() writes", () => {
  const cases = {
    "unix:/run/vm.sock": { kind: "unix", path: "/run/vm.sock" },
    "unix:a:b,c d": { kind: "unix", path: "a:b,c d" },
    "tcp:localhost:4444": { kind: "tcp", host: "localhost", port: 4444 },
    "tcp:127.0.0.1:1": { kind: "tcp", host: "127.0.0.1", port: 1 },
    "tcp:[::1]:65535": { kind: "tcp", host: "::1", port: 65535 },
  };
  for (const [text, address] of Object.entries(cases)) {
    const parsed = parseSocketAddress(text);
    assert.deepEqual(parsed, address);
    assert.equal(formatSocketAddress(parsed), text);
  }
});

test("parseSocketAddress() refuses an invalid address, quoting it", () => {
  const cases = [
    "",
    "unix:",
    "/run/vm.sock",
    "unix:a\0b",
    `unix:${"a".repeat(108)}`,
    `unix:${"ä".repeat(54)}`,
    "tcp:",
    "tcp:4444",
    "tcp::4444",
    "tcp:host:",
    "tcp:host:0",
    "tcp:host:65536",
    "tcp:host:4444 ",
    "tcp:host:-1",
    "tcp:::1:4444",
    "tcp:[]:4444",
    "udp:host:4444",
  ];
  for (const text of cases) {
    assert.throws(() => parseSocketAddress(text), (error) => {
      return error instanceof RangeError &&
        error.message.startsWith(
          `Cannot use the address ${JSON.stringify(text)}: `,
        );
    });
  }
});
