import { createRoute, z } from "@hono/zod-openapi";
import { createLogger, createService, htmlContent, jsonResponse, Problem } from "@quintet/http";
import { html } from "hono/html";
import { expect, it } from "vitest";
import { pageAssets } from "./assets.ts";
import { page } from "./page.ts";
import { problemPages } from "./problem-pages.ts";

const section = (prefix: string) => ({
  assets: pageAssets(prefix),
  name: "Shop & co",
  home: prefix,
  links: [{ label: "Goods", href: `${prefix}/goods` }],
});

it("is a whole document with its assets below the prefix", async () => {
  const shop = section("/shop");
  const text = (await page(shop, { title: "<b>", body: html`<h1>Hi</h1>`, current: "/shop/goods" })).toString();
  expect(text).toMatch(/^<!doctype html>/);
  expect(text).toContain("<title>&lt;b&gt; · Shop &amp; co · Quintet</title>");
  expect(text).toContain('<a href="/shop/goods" aria-current="page">Goods</a>');
  const style = shop.assets.url("style.css");
  expect(style).toMatch(/^\/shop\/assets\/style-[0-9a-f]{12}\.css$/);
  expect(text).toContain(`href="${style}"`);
  const answer = await shop.assets.routes.request(style.replace("/shop/assets", ""));
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/css; charset=utf-8"]);
  expect((await shop.assets.routes.request("/../assets.ts")).status).toBe(404);
  expect(pageAssets("/").url("icon.svg")).toMatch(/^\/assets\/icon-/);
});

it("shows a problem to a browser with its status and headers", async () => {
  const log = createLogger({ service: "shop", level: "silent" });
  const app = createService({ title: "Shop", version: "1", prefix: "/shop", log, corsOrigins: ["*"], checks: {} });
  app.use(problemPages(app, section("/shop")));
  const closed = () => {
    throw new Problem("unavailable", "Closed <now>.", { headers: { "Retry-After": "2" } });
  };
  const shownAsPage = { 200: { description: "A page", content: htmlContent } };
  app.openapi(createRoute({ method: "get", path: "/closed", responses: shownAsPage }), closed);
  const data = { 200: jsonResponse(z.object({}), "Data") };
  app.openapi(createRoute({ method: "get", path: "/data/{id}", responses: data }), closed);
  const shown = await app.request("/shop/closed", { headers: { Accept: "text/html" } });
  expect([shown.status, shown.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(shown.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(await shown.text()).toContain("Closed &lt;now&gt;.");
  const typeOf = async (path: string, method = "GET", accept = "text/html") => {
    const answer = await app.request(path, { method, headers: { Accept: accept } });
    return `${answer.status} ${answer.headers.get("content-type")}`;
  };
  expect(await typeOf("/shop/closed", "HEAD")).toBe("503 text/html; charset=UTF-8");
  expect(await typeOf("/shop/closed", "GET", "*/*")).toBe("503 application/problem+json");
  expect(await typeOf("/shop/data/1")).toBe("503 application/problem+json");
  expect(await typeOf("/shop/nowhere")).toBe("404 text/html; charset=UTF-8");
  expect(await typeOf("/shop/data/1", "DELETE")).toBe("405 application/problem+json");
});
