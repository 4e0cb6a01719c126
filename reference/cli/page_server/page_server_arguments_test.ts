import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../program/usage_error.ts";
import { pageServerArguments } from "./page_server_arguments.ts";

const LISTEN = { listen: "unix:/run/pages.sock" };

test("pageServerArguments() parses the options", () => {
  const read = pageServerArguments("vm.mr", {
    ...LISTEN,
    "fault-around": "128K",
    "on-failure": "kill",
    "retry-for": "5",
    "no-push": true,
    metrics: "9100",
    "socket-mode": "0660",
  });
  assert.equal(read.path, "/run/pages.sock");
  assert.equal(read.faultAround, 0x20000);
  assert.equal(read.onFailure, "kill");
  assert.equal(read.retryFor, 5000);
  assert.equal(read.background, false);
  assert.equal(read.metrics, 9100);
  assert.equal(read.mode, 0o660);
  assert.equal(pageServerArguments("vm.mr", LISTEN).mode, 0o600);
});

test("pageServerArguments() refuses impossible options", () => {
  const wrong = [
    {},
    { listen: "tcp:127.0.0.1:80" },
    { listen: "/run/pages.sock" },
    { ...LISTEN, "fault-around": "1000" },
    { ...LISTEN, metrics: "0" },
  ];
  for (const values of wrong) {
    assert.throws(() => pageServerArguments("vm.mr", values), UsageError);
  }
});
