import assert from "node:assert/strict";
import { EventDescriptor } from "./event_descriptor.ts";
import { PollSet } from "./poll_set.ts";
import { uffdTest } from "./testing/uffd_test_case.ts";

uffdTest("PollSet calls nobody for what another descriptor had to tell", () => {
  using first = new EventDescriptor();
  using second = new EventDescriptor();
  using set = new PollSet();
  const called: string[] = [];
  set.add(first.fd, () => {
    called.push("first");
    first.clear();
    // As if it was closed, and its number given out again.
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
