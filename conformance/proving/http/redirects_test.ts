import assert from "node:assert/strict";
import { test } from "node:test";
import { openHttpSource } from "../../../mod.ts";
import { type Lie, startLiar, truth } from "./liar_server.ts";
import { FAST, FILE, messageOf } from "./testing/lied_about_file.ts";

const SECRETS = ["k3y-of-api", "c00kie-value", "p4ssword", "t0ken-value"];
const HEADERS = {
  "x-api-key": "k3y-of-api",
  cookie: "session=c00kie-value",
  "proxy-authorization": "Bearer t0ken-value",
};

function redirect(location: string, status = 302): Lie {
  return (_, response) => response.writeHead(status, { location }).end();
}

test("headers of the caller are not sent to another origin", async () => {
  await using first = await startLiar(FILE);
  await using second = await startLiar(FILE);
  let seen: Record<string, unknown> = {};
  const noting: Lie = (request, response, file) => {
    seen = request.headers;
    truth(request, response, file);
  };
  second.lie = noting;
  const url = new URL(first.url);
  url.username = "alice";
  url.password = "p4ssword";
  const other = new URL(second.url);
  // Another port, another host with the same port, and back to the first.
  const sameServer = new URL(first.url);
  sameServer.hostname = "localhost";
  for (const status of [301, 302, 303, 307, 308]) {
    first.lie = redirect(other.href, status);
    const source = await openHttpSource(url, { ...FAST, headers: HEADERS });
    const target = new Uint8Array(4096);
    await source.readInto(target, 0x100000);
    assert.deepEqual(target, FILE.slice(0x100000, 0x101000));
    assert.equal(seen.range, "bytes=1048576-1052671");
    for (const secret of [...SECRETS, btoa("alice:p4ssword")]) {
      assert(!JSON.stringify(seen).includes(secret), secret);
    }
  }
  // They are all sent to the same origin.
  first.lie = (request, response, file) => {
    if (request.count % 2 === 0) {
      return redirect("/elsewhere?x=1")(request, response, file);
    }
    noting(request, response, file);
  };
  if (first.count % 2 === 1) {
    await fetch(first.url, { redirect: "manual" });
  }
  await openHttpSource(url, { ...FAST, headers: HEADERS });
  assert.equal(seen["x-api-key"], "k3y-of-api");
  assert.equal(seen.authorization, `Basic ${btoa("alice:p4ssword")}`);
  // After a redirect to another origin they are not sent even back to the
  // first.
  second.lie = redirect(first.url);
  let returned = 0;
  first.lie = (request, response, file) => {
    if (returned++ === 0) redirect(other.href)(request, response, file);
    else noting(request, response, file);
  };
  await openHttpSource(url, { ...FAST, headers: HEADERS });
  assert.equal(seen["x-api-key"], undefined);
  assert.equal(seen.authorization, undefined);
});

test("user and password in a redirect's URL are sent there", async () => {
  await using liar = await startLiar(FILE);
  const target = new URL(liar.url);
  target.username = "bob";
  target.password = "other";
  let authorization: string | undefined;
  let isRedirected = false;
  liar.lie = (request, response, file) => {
    ({ authorization } = request.headers);
    if (isRedirected) return truth(request, response, file);
    isRedirected = true;
    redirect(target.href)(request, response, file);
  };
  await openHttpSource(liar.url, FAST);
  assert.equal(authorization, `Basic ${btoa("bob:other")}`);
});

test("the error for an invalid redirect names its target, without secrets", async () => {
  await using liar = await startLiar(FILE);
  const wrong = {
    "file:///etc/passwd": '"file:///etc/passwd"',
    "data:text/plain,QEVM": '"data:text/plain,QEVM"',
    "http://u:p4ssword@local host:99999/?q=p4ssword":
      '"http://local host:99999/?…"',
    "ftp://u:p4ssword@host/x": '"ftp://host/x"',
  };
  for (const [location, shown] of Object.entries(wrong)) {
    liar.lie = redirect(location);
    const before = liar.count;
    assert.equal(
      await messageOf(openHttpSource(liar.url, FAST), liar),
      'Cannot read bytes 0x0 to 0x10000 of "URL": the server redirects to ' +
        `${shown}, expected an http or https URL`,
    );
    assert.equal(liar.count, before + 1);
  }
  liar.lie = redirect("/again");
  assert.equal(
    await messageOf(openHttpSource(liar.url, FAST), liar),
    'Cannot read bytes 0x0 to 0x10000 of "URL": the server redirects more ' +
      "than 20 times",
  );
});

test("secrets of a redirect's URL that a server repeats are not shown", async () => {
  await using liar = await startLiar(FILE);
  const secrets = ["s1gnature-value", "p4ssword", "t0ken-as-user"];
  const answers: readonly [status: number, header: string][] = [
    [206, "content-encoding"],
    [206, "content-range"],
    [403, "x-reason"],
  ];
  for (const secret of secrets) {
    for (const [status, header] of answers) {
      const target = new URL(`${liar.url}/there`);
      if (secret === "s1gnature-value") {
        target.searchParams.set("X-Sig", secret);
      } else if (secret === "p4ssword") target.password = secret;
      else target.username = secret;
      let isRedirected = false;
      liar.lie = (request, response, file) => {
        if (isRedirected) {
          response.writeHead(status, `no ${secret}`, { [header]: secret })
            .end();
        } else redirect(target.href)(request, response, file);
        isRedirected = true;
      };
      const message = await messageOf(openHttpSource(liar.url, FAST), liar);
      assert.match(message, /^Cannot read .*: the server answered /);
      assert(!message.includes(secret), message);
    }
  }
});

test("a browser follows redirects by itself, unless there are headers", async () => {
  const modes: RequestRedirect[] = [];
  const fetch = (request: Request): Promise<Response> => {
    modes.push(request.redirect);
    const isHidden = request.redirect === "manual";
    const response = new Response(isHidden ? null : FILE.slice(0, 0x10000), {
      status: isHidden ? 200 : 206,
      headers: isHidden
        ? {}
        : { "content-range": `bytes 0-65535/${FILE.length}` },
    });
    if (isHidden) {
      Object.defineProperty(response, "type", { value: "opaqueredirect" });
    }
    return Promise.resolve(response);
  };
  const url = "http://example.com/vm.mr";
  const source = await openHttpSource(url, { ...FAST, fetch });
  assert.equal(source.byteLength, FILE.length);
  assert.deepEqual(modes, ["manual", "follow"]);
  assert.match(
    await messageOf(openHttpSource(url, { ...FAST, fetch, headers: HEADERS })),
    /: the server redirects, and headers are sent to one origin only: open the URL/,
  );
});
