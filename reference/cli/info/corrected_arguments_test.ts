import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineDifference, QemuOption } from "../../machines/mod.ts";
import { correctedArguments } from "./corrected_arguments.ts";

const WORDS = { kind: "refused", subject: "", text: "", remedy: "" } as const;

function corrected(line: string, ...options: QemuOption[]): string {
  const differences: MachineDifference[] = options.map((option) => ({
    ...WORDS,
    option,
  }));
  return correctedArguments(line.split(" "), differences).join(" ");
}

test("correctedArguments() corrects wrong values and keeps the rest", () => {
  const machine = { name: "machine", value: "pc-q35-10.0" } as const;
  const m = { name: "m", value: "512M" } as const;
  const smp = { name: "smp", value: "2" } as const;
  const cases: [string, string, ...QemuOption[]][] = [
    ["-M q35 -nographic", "-M pc-q35-10.0 -nographic", machine],
    ["-machine pc,hpet=off", "-machine pc-q35-10.0,hpet=off", machine],
    ["-machine hpet=off", "-machine pc-q35-10.0,hpet=off", machine],
    ["-M hpet=off,type=pc", "-M hpet=off,type=pc-q35-10.0", machine],
    ["-nographic", "-nographic -machine pc-q35-10.0", machine],
    ["-M pc -M isapc", "-M pc -M pc-q35-10.0", machine],
    ["-m 2G,slots=2,maxmem=4G", "-m 512M,slots=2,maxmem=4G", m],
    ["-m slots=2,size=2G", "-m slots=2,size=512M", m],
    ["-smp 4,sockets=4 -m 1G", "-smp 2 -m 512M", smp, m],
    ["-nographic -m", "-nographic -m -m 512M", m],
  ];
  for (const [line, expected, ...options] of cases) {
    assert.equal(corrected(line, ...options), expected);
  }
});

test("correctedArguments() keeps what no option of QEMU can correct", () => {
  assert.deepEqual(correctedArguments(["-m", "1G"], [WORDS]), ["-m", "1G"]);
});
