import { createRoute, z } from "@hono/zod-openapi";
import { createLogger, createService, htmlContent, jsonResponse, Problem } from "@quintet/http";
import { html } from "hono/html";
import { expect, it } from "vitest";
import { pageAssets } from "./assets.ts";
import { leaveNotice } from "./notices.ts";
import { page } from "./page.ts";
import { pageFrame } from "./page-frame.ts";

const links = [
  { label: "Goods", href: "/shop/goods" },
  { label: "Stock", href: "/shop/stock", staff: true },
];
const frame = pageFrame({ prefix: "/shop", name: "Shop & co", links });
const apps = [
  { name: "shop", title: "Shop", href: "/shop/goods" },
  { name: "mail", title: "Mail", href: "/mail" },
];

/** A shop with a page, data, and a form that leaves a notice. */
function shop() {
  const log = createLogger({ service: "shop", level: "silent" });
  const info = { title: "Shop", version: "1", prefix: "/shop", frame };
  const app = createService({ ...info, log, corsOrigins: ["*"], checks: {} });
  app.get("/goods", async (c) => {
    const isStaff = c.req.query("as") === "staff";
    c.set("account", { id: 1, username: "<ana>", isStaff });
    return c.html(await page(c, frame, { title: "<b>", body: html`<h1>Hi</h1>` }));
  });
  app.get("/buy", (c) => {
    leaveNotice(c, "saved");
    return c.redirect("/shop/goods", 303);
  });
  const closed = () => {
    throw new Problem("unavailable", "Closed <now>.", { headers: { "Retry-After": "2" } });
  };
  const shownAsPage = { 200: { description: "A page", content: htmlContent } };
  app.openapi(createRoute({ method: "get", path: "/closed", responses: shownAsPage }), closed);
  const data = { 200: jsonResponse(z.object({}), "Data") };
  app.openapi(createRoute({ method: "get", path: "/data/{id}", responses: data }), closed);
  const locked = () => {
    throw new Problem("unauthenticated", "Sign in.", { headers: { "WWW-Authenticate": 'Basic realm="shop"' } });
  };
  app.get("/locked", locked);
  app.post("/locked", locked);
  return app;
}

const browser = { Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };
const show = (path: string, init: RequestInit = {}) =>
  shop().request(path, { ...init, headers: { ...browser, ...init.headers } }, { apps });

it("is a whole document with the navigation of all apps and its assets below the prefix", async () => {
  const text = await (await show("/shop/goods")).text();
  expect(text).toMatch(/^<!doctype html>/);
  expect(text).toContain("<title>&lt;b&gt; · Shop &amp; co · Quintet</title>");
  expect(text).toContain('<a href="/shop/goods" aria-current="page">Goods</a>');
  expect(text).toContain('<a href="/shop/goods" aria-current="page">Shop</a>');
  expect(text).toContain('<a href="/mail">Mail</a>');
  for (const path of ["/", "/docs", "/auth/account"]) expect(text).toContain(`href="${path}"`);
  expect(text).toContain("</span>&lt;ana&gt;</a>");
  const style = frame.files.url("style.css");
  expect(style).toMatch(/^\/shop\/assets\/style-[0-9a-f]{12}\.css$/);
  expect(text).toContain(`href="${style}"`);
  const served = await show(style);
  expect([served.status, served.headers.get("content-type")]).toEqual([200, "text/css; charset=utf-8"]);
  expect((await show("/shop/assets/../assets.ts")).status).toBe(404);
  expect(pageAssets("/").url("icon.svg")).toMatch(/^\/assets\/icon-/);
});

it("shows links for staff to staff alone", async () => {
  expect(await (await show("/shop/goods")).text()).not.toContain("Stock");
  expect(await (await show("/shop/goods?as=staff")).text()).toContain('<a href="/shop/stock">Stock</a>');
});

it("shows the app itself when no other app is given", async () => {
  const text = await (await shop().request("/shop/goods", { headers: browser })).text();
  expect(text).not.toContain("Mail");
});

it("shows a notice once, and none that it does not know", async () => {
  const left = (await show("/shop/buy")).headers.get("set-cookie") ?? "";
  expect(left).toBe("quintet-notice=saved; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
  const next = await show("/shop/goods", { headers: { Cookie: left.split(";", 1)[0] ?? "" } });
  expect(await next.text()).toContain('<div class="done" role="status"><p>Saved.</p></div>');
  expect(next.headers.get("set-cookie")).toContain("quintet-notice=; Path=/; Max-Age=0");
  expect(await (await show("/shop/goods")).text()).not.toContain('role="status"');
  for (const value of ["constructor", "%3Cb%3E"]) {
    const unknown = await show("/shop/goods", { headers: { Cookie: `quintet-notice=${value}` } });
    expect(await unknown.text()).not.toContain('role="status"');
  }
});

it("shows a problem to a browser with its status and headers, to others as it is", async () => {
  const shown = await show("/shop/closed");
  expect([shown.status, shown.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(shown.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect([shown.headers.get("vary"), shown.headers.get("cache-control")]).toEqual(["Accept", "no-store"]);
  const text = await shown.text();
  expect(text).toContain("Closed &lt;now&gt;.");
  expect(text).toContain('<a href="/mail">Mail</a>');
  const typeOf = async (path: string, method = "GET", headers: Record<string, string> = { Accept: "text/html" }) => {
    const response = await show(path, { method, headers });
    return `${response.status} ${response.headers.get("content-type")}`;
  };
  const [html, problem] = ["text/html; charset=UTF-8", "application/problem+json"];
  expect(await typeOf("/shop/closed", "HEAD")).toBe(`503 ${html}`);
  expect(await typeOf("/shop/data/1")).toBe(`503 ${html}`);
  expect(await typeOf("/shop/nowhere")).toBe(`404 ${html}`);
  expect(await typeOf("/shop/data/1", "DELETE")).toBe(`405 ${html}`);
  for (const path of ["/shop/closed", "/shop/data/1", "/shop/nowhere", "/shop/locked"]) {
    for (const accept of ["*/*", "application/json", "application/json, text/html;q=0.9"]) {
      const response = await show(path, { headers: { Accept: accept } });
      expect(response.headers.get("content-type"), path).toBe(problem);
      expect([response.headers.get("vary"), response.headers.get("cache-control")]).toEqual([null, null]);
    }
  }
  // A program that sends credentials gets problems, but from the routes that have pages.
  const Authorization = "Bearer x";
  expect(await typeOf("/shop/data/1", "GET", { ...browser, Authorization })).toBe(`503 ${problem}`);
  expect(await typeOf("/shop/locked", "GET", { ...browser, Authorization })).toBe(`401 ${problem}`);
  expect(await typeOf("/shop/closed", "GET", { ...browser, Authorization })).toBe(`503 ${html}`);
});

it("leads a browser to sign-in and back, and keeps a form that came too late", async () => {
  const sent = await show("/shop/locked?a=1");
  expect([sent.status, sent.headers.get("location")]).toEqual([303, "/auth/sign-in?next=%2Fshop%2Flocked%3Fa%3D1"]);
  expect([sent.headers.get("www-authenticate"), sent.headers.get("cache-control")]).toEqual([null, "no-store"]);
  const body = new URLSearchParams({ what: "<tea>" });
  const late = await show("/shop/locked", { method: "POST", body, headers: { "Sec-Fetch-Site": "same-origin" } });
  expect([late.status, late.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="quintet"']);
  expect(await late.text()).toContain('<input type="hidden" name="what" value="&lt;tea&gt;" />');
});
