import assert from "node:assert/strict";
import { EventDescriptor } from "./event_descriptor.ts";
import { PollSet } from "./poll_set.ts";
import { uffdTest } from "./testing/uffd_test_case.ts";

uffdTest("PollSet calls no handler for events of an older descriptor", () => {
  using first = new EventDescriptor();
  using second = new EventDescriptor();
  using set = new PollSet();
  const called: string[] = [];
  set.add(first.fd, () => {
    called.push("first");
    first.clear();
    // As if it were closed and its number reused.
    set.delete(second.fd);
    set.add(second.fd, () => {
      called.push("new");
      second.clear();
    });
  });
  set.add(second.fd, () => called.push("old"));
  first.ring();
  second.ring();
  assert.equal(set.poll(0), 2);
  assert.deepEqual(called, ["first"]);
  assert.equal(set.poll(0), 1);
  assert.deepEqual(called, ["first", "new"]);
});
