import { Hono } from "hono";
import { expect, it } from "vitest";
import { jsonDocument } from "./json-document.ts";

it("answers 304 to who has the document, until it changes", async () => {
  let document = { a: 1 };
  const app = new Hono().get(
    "/",
    jsonDocument(async () => document),
  );
  const ask = (tag?: string) => app.request("/", { headers: tag === undefined ? {} : { "If-None-Match": tag } });
  const first = await ask();
  const tag = first.headers.get("etag") ?? "";
  expect([first.status, await first.json(), first.headers.get("cache-control")]).toEqual([200, { a: 1 }, "no-cache"]);
  for (const has of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) expect((await ask(has)).status).toBe(304);
  expect((await ask('"other"')).status).toBe(200);
  document = { a: 2 };
  expect((await ask(tag)).status).toBe(200);
});
