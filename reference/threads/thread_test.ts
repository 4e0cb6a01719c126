import assert from "node:assert/strict";
import { test } from "node:test";
import { Thread } from "./mod.ts";

const ECHO = new URL("./testing/echo_worker.ts", import.meta.url);
const MISSING = new URL("./testing/no_such_worker.js", import.meta.url);

/** Resolves to the next message of a thread, or rejects with its error. */
function answer(thread: Thread<string>, message: string): Promise<string> {
  return new Promise((resolve, reject) => {
    thread.onmessage = ({ data }) => resolve(data);
    thread.onerror = (error) => reject(new Error(error.message));
    thread.postMessage(message);
  });
}

test("a Thread passes messages both ways", async () => {
  const thread = new Thread<string>(ECHO);
  try {
    assert.equal(await answer(thread, "one"), "one");
    assert.equal(await answer(thread, "two"), "two");
  } finally {
    thread.terminate();
  }
});

for (
  const [what, url, pattern] of [
    ["throws", ECHO, /failed as told/],
    ["has no module", MISSING, /no_such_worker/],
  ] as const
) {
  test(`a Thread that ${what} reports it, later listeners included`, async () => {
    const thread = new Thread<string>(url);
    try {
      await assert.rejects(answer(thread, "fail"), pattern);
      await assert.rejects(answer(thread, "again"), pattern);
    } finally {
      thread.terminate();
    }
  });
}

test("a Thread that ends without a word reports it", async () => {
  // Deno does not tell, and ends the whole process in `process.exit`.
  if ("Deno" in globalThis) return;
  const thread = new Thread<string>(ECHO);
  try {
    await assert.rejects(answer(thread, "end"), /the thread has ended/);
    await assert.rejects(answer(thread, "again"), /the thread has ended/);
  } finally {
    thread.terminate();
  }
});
