import { createServer } from "node:http";
import { freePort, startProcess, until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { matchChanges } from "../src/saved-searches/match-changes.ts";
import { type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

let listings: OpenListings;
let port: number;
beforeAll(async () => {
  port = await freePort();
  // These listings send nothing themselves: the processes of the test do.
  listings = await openListings();
  await listings.deps.notifications[Symbol.asyncDispose]();
});
afterAll(() => listings[Symbol.asyncDispose]());

interface Received {
  key: string;
  body: string;
}

test("what was found is sent again, in the same words, after a process was killed before the queue had accepted it", async () => {
  const received: Received[] = [];
  let accepts = false;
  const queue = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ key: String(request.headers["idempotency-key"]), body });
    if (accepts) response.writeHead(201, { "Content-Type": "application/json" }).end('{"messages":[]}');
  });
  queue.listen(port, "127.0.0.1");
  const search = { name: "all", search: { city: "Tunja" }, notify: true };
  expect((await listings.call("POST", "/searches", { body: search })).status).toBe(201);
  const id = await listings.create({ city: "Tunja" });
  const program = new URL("notify.ts", import.meta.url).pathname;
  const env = { MYSQL_URL: listings.config.MYSQL_URL, QUEUE_URL: `http://127.0.0.1:${port}` };
  const start = () => startProcess([process.execPath, "--conditions", "development", program], env);
  const killed = start();
  await until(() => received.length === 1);
  killed.child.kill("SIGKILL");
  expect(await killed.ended).toBe("SIGKILL");
  accepts = true;
  const left = async () => {
    const [row] = await readRows<{ n: number }>(listings.deps.db.pool, "SELECT COUNT(*) AS n FROM search_digest", {});
    return row?.n;
  };
  expect(await left()).toBe(1);
  const next = start();
  await until(async () => (await left()) === 0);
  next.child.kill("SIGTERM");
  await next.ended;
  expect(received).toHaveLength(2);
  expect(received[1]).toEqual(received[0]);
  expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({ messages: [{ body: { count: 1, properties: [id] } }] });
  await matchChanges(listings.deps.db, listings.deps.savedSearches.toWatch, new AbortController().signal);
  expect(await left()).toBe(0);
  queue.close();
  queue.closeAllConnections();
});
