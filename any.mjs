const c = new AbortController();
const rss = () => Math.round(process.memoryUsage().rss / 2 ** 20);
import process from "node:process";
console.log(rss());
for (let k = 0; k < 5; k++) {
  for (let i = 0; i < 40000; i++) {
    const f = new AbortController();
    const s = AbortSignal.any([c.signal, f.signal]);
    const l = () => {};
    s.addEventListener("abort", l);
    s.removeEventListener("abort", l);
  }
  await new Promise((r) => setTimeout(r, 50));
  globalThis.gc?.();
  console.log(rss());
}
const t = performance.now();
c.abort();
console.log("abort ms", performance.now() - t);
