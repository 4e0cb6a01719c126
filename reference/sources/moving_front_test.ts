import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MovingFront } from "./moving_front.ts";

const PAGE = 4096;

function frontOver(pageCount: number): MovingFront<string> {
  return new MovingFront(() => ({ pageCount, pageSize: PAGE }));
}

const calm = () => Promise.resolve();
const never = () => new Promise<void>(() => {});

test("MovingFront.next() returns nothing before a page is demanded", async () => {
  assert.equal(await frontOver(1000).next(calm), undefined);
});

test("MovingFront.next() returns near pieces at once, others when it is calm", async () => {
  const front = frontOver(1000);
  front.demanded("ram", 500);
  const near = [];
  for (let it = 0; it < 7; it++) near.push(await front.next(never));
  assert.deepEqual(near.map((it) => it?.run.first), [
    ...[480, 512, 448, 544, 416, 576, 384],
  ]);
  let isCalm = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const far = front.next(() => promise);
  far.then(() => isCalm = true);
  await sleep(5);
  assert.equal(isCalm, false);
  resolve();
  assert.deepEqual(await far, { memory: "ram", run: { first: 608, end: 640 } });
});

test("MovingFront.next() moves while it waits, even to another memory", async () => {
  const front = frontOver(1000);
  front.demanded("ram", 0);
  while ((await front.next(calm)) !== undefined);
  const next = front.next(never);
  front.demanded("vga", 64);
  assert.deepEqual(await next, { memory: "vga", run: { first: 64, end: 96 } });
});

test("MovingFront.next() waits for calm once, however often it moves", async () => {
  const front = frontOver(100_000);
  let asked = 0;
  const whenCalm = () => {
    asked++;
    return never();
  };
  for (let page = 0; page < 100_000; page += 10_000) {
    front.demanded("ram", page);
    for (let it = 0; it < 7; it++) {
      const first = (await front.next(whenCalm))?.run.first ?? -1;
      assert(Math.abs(first - page) < 200, `${first} near ${page}`);
      if (page === 0 && first === 96) break;
    }
    const next = front.next(whenCalm);
    await sleep(0);
    front.demanded("ram", page);
    await next;
  }
  assert.equal(asked, 1);
});

test("only MovingFront.next() rejects when waiting for calm does", async () => {
  const front = frontOver(100);
  front.demanded("ram", 0);
  const reason = new Error("enough");
  await assert.rejects(async () => {
    for (;;) await front.next(() => Promise.reject(reason));
  }, reason);
});

test("MovingFront.next() keeps nothing of a wait that has ended", async () => {
  const front = frontOver(1000);
  const before = process.memoryUsage().heapUsed;
  for (let it = 0; it < 400_000; it++) await front.next(calm);
  const grown = process.memoryUsage().heapUsed - before;
  assert(grown < 64 * 2 ** 20, `${grown} bytes`);
  front.demanded("ram", 0);
});
