import { type Lie, truth } from "../http/liar_server.ts";

/**
 * Maximum length of an outage, and the interval between outages, in
 * milliseconds.
 */
const OUTAGE = 3000;
const OUTAGE_EVERY = 10_000;
/** Maximum delay of a slow response in milliseconds. */
const SLOWEST = 200;

/**
 * Makes responses of an unreliable store: most are right, some of these
 * delayed; others are errors or are cut; and sometimes all fail for a while.
 */
export function failingAnswers(random: (limit: number) => number): Lie {
  let outageFrom = performance.now() + random(OUTAGE_EVERY);
  let outageTo = outageFrom + random(OUTAGE);
  return (request, response, file) => {
    const now = performance.now();
    if (now > outageTo) {
      outageFrom = now + random(2 * OUTAGE_EVERY);
      outageTo = outageFrom + random(OUTAGE);
    }
    const kind = now > outageFrom ? 99 : random(100);
    if (kind < 70) truth(request, response, file);
    else if (kind < 85) {
      setTimeout(() => truth(request, response, file), random(SLOWEST));
    } else if (kind < 90) {
      response.writeHead(503, { "retry-after": "0" }).end("later");
    } else if (kind < 95) cut(request, response, file);
    else response.destroy();
  };
}

/** Sends part of the requested range, and closes the connection. */
const cut: Lie = ({ first, last }, response, file) => {
  response.writeHead(206, {
    "content-range": `bytes ${first}-${last}/${file.length}`,
    "content-length": last - first + 1,
    etag: '"1"',
  });
  const middle = first + Math.floor((last - first) / 2);
  response.write(file.subarray(first, middle), () => response.destroy());
};
