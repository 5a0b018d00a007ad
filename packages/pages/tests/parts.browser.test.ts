import { createLogger, createService, type Listening, listenerOf, Problem, serve } from "@quintet/http";
import { findTool } from "@quintet/stores/testing";
import { html } from "hono/html";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cards, filterBar, page, pageFrame, polled, uploadForm } from "../src/index.ts";
import { axeFaults, launchBrowser } from "../src/testing.ts";

const installMinutes = 10;
const long = "W".repeat(100);
let listening: Listening;
let browser: Browser;
let url: string;
/** The states that the row of the page has, one after another. */
let states: string[] = [];
let polls = 0;

/** A page with every part, and a place for uploads, which refuses empty files. */
function partsApp() {
  const frame = pageFrame({ prefix: "/parts", name: "Parts", links: [{ label: long, href: "/parts/all" }] });
  const log = createLogger({ service: "parts", level: "silent" });
  const info = { title: "Parts", version: "1", prefix: "/parts", frame };
  const app = createService({ ...info, log, corsOrigins: [], checks: {}, maxBodyBytes: 64 * 1024 * 1024 });
  const rows = () => {
    const state = states.shift() ?? "finished";
    polls++;
    return html`<div class="table"><table><tbody>
      <tr ${polled("load-1", state === "finished", 0.05)}><th scope="row">${long}</th><td>${state}</td></tr>
    </tbody></table></div>`;
  };
  const form = () =>
    uploadForm({ action: "/parts/files", name: "file", label: "File", hint: "A CSV file", submit: "Send" });
  app.get("/all", async (c) => {
    const filters = [
      { name: "q", label: long, value: long },
      { name: "state", label: "State", value: "b", options: [["a", "A"] as const, ["b", long] as const] },
    ];
    const body = html`<h1>${long}</h1>
      ${filterBar({ action: "/parts/all", filters, kept: { limit: "5" }, submit: "Show" })}
      ${rows()}
      ${cards([{ title: long, id: "card", body: html`<p>${long}</p>`, links: [{ label: "Open", of: long, href: "/parts/all" }] }])}
      ${form()}`;
    return c.html(await page(c, frame, { title: "All", body, scripts: ["poll.js", "upload.js"] }));
  });
  app.get("/done", async (c) => c.html(await page(c, frame, { title: "Done", body: html`<h1>It is here</h1>` })));
  app.post("/files", async (c) => {
    const file = (await c.req.parseBody()).file;
    if (!(file instanceof File)) throw new Problem("unprocessable", "A file is missing.");
    if (file.size > 0) return c.redirect("/parts/done", 303);
    const body = html`<h1>Send a file</h1><div class="alert" role="alert" tabindex="-1"><h2>The file is empty</h2></div>${form()}`;
    return c.html(await page(c, frame, { title: "Send a file", body }), 422);
  });
  return app;
}

beforeAll(async () => {
  const log = createLogger({ service: "parts", level: "silent" });
  listening = await serve(listenerOf(partsApp()), { port: 0, host: "127.0.0.1", log, drainSeconds: 0 });
  url = `http://127.0.0.1:${listening.port}/parts`;
  browser = await launchBrowser(await findTool("chromium", process.env, (line) => console.log(line)));
}, installMinutes * 60_000);
afterAll(async () => {
  await browser?.close();
  await listening?.close();
});

const csv = (text: string) => ({ name: "a.csv", mimeType: "text/csv", buffer: Buffer.from(text) });

describe("parts of pages", { timeout: 60_000 }, () => {
  it.each([
    { colorScheme: "light", width: 390 },
    { colorScheme: "dark", width: 1280 },
  ] as const)("fit $width pixels in $colorScheme with names of 100 letters, and axe finds nothing", async (look) => {
    const { colorScheme, width } = look;
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
    const shown = await context.newPage();
    await shown.goto(`${url}/all`);
    expect(await shown.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    expect(await axeFaults(shown)).toEqual([]);
    await context.close();
  });

  it("a filter bar keeps the other parameters", async () => {
    const shown = await browser.newPage();
    await shown.goto(`${url}/all`);
    await shown.getByLabel("State").selectOption("a");
    await shown.getByRole("button", { name: "Show" }).click();
    await shown.waitForURL((at) => at.search === `?limit=5&q=${long}&state=a`);
    await shown.close();
  });

  it("a row follows its state until that is final, and then asks no more", async () => {
    states = ["waiting", "running", "running"];
    const shown = await browser.newPage();
    await shown.goto(`${url}/all`);
    await shown.getByRole("cell", { name: "finished" }).waitFor();
    expect(await shown.locator("[data-poll]").count()).toBe(0);
    const before = polls;
    await shown.waitForTimeout(300);
    expect(polls).toBe(before);
    await shown.close();
  });

  it.each([true, false])(
    "a file is sent and leads on; a refused one says why; with scripts: %s",
    async (javaScriptEnabled) => {
      const context = await browser.newContext({ javaScriptEnabled });
      const shown = await context.newPage();
      await shown.goto(`${url}/all`);
      await shown.getByLabel("File").setInputFiles(csv(""));
      await shown.getByRole("button", { name: "Send" }).click();
      await shown.getByRole("alert").filter({ hasText: "The file is empty" }).waitFor();
      await shown.getByLabel("File").setInputFiles(csv("a,b\n1,2\n"));
      await shown.getByRole("button", { name: "Send" }).click();
      await shown.getByRole("heading", { name: "It is here" }).waitFor();
      await context.close();
    },
  );

  it("an upload shows how much is sent, and can be stopped", async () => {
    const context = await browser.newContext();
    const shown = await context.newPage();
    // Slow enough to be seen.
    const session = await context.newCDPSession(shown);
    await session.send("Network.enable");
    await shown.goto(`${url}/all`);
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 200_000 };
    await session.send("Network.emulateNetworkConditions", slow);
    await shown.getByLabel("File").setInputFiles(csv("x".repeat(5_000_000)));
    await shown.getByRole("button", { name: "Send" }).click();
    await shown.getByText(/^[1-9]\d?% sent$/).waitFor();
    await shown.getByRole("button", { name: "Stop" }).click();
    await shown.getByText("Stopped.").waitFor();
    expect(await shown.getByRole("button", { name: "Send" }).isEnabled()).toBe(true);
    await context.close();
  });
});
