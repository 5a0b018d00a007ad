import { axeFaults, launchBrowser } from "@quintet/pages/testing";
import { findTool } from "@quintet/stores/testing";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startBehindHttp } from "./harness/installation.ts";

const installMinutes = 10;
let quintet: Awaited<ReturnType<typeof startBehindHttp>>;
let browser: Browser;

beforeAll(async () => {
  quintet = await startBehindHttp();
  browser = await launchBrowser(await findTool("chromium", process.env, (line) => console.log(line)));
}, installMinutes * 60_000);

afterAll(async () => {
  await browser?.close();
  await quintet?.[Symbol.asyncDispose]();
});

/** The first page in a browser; complaints of the browser fail the test when it is closed. */
async function open(options: Parameters<Browser["newContext"]>[0] & { staff?: boolean } = {}) {
  const { staff, ...others } = options;
  const context = await browser.newContext({
    ...others,
    ...(staff ? { extraHTTPHeaders: quintet.staff.headers } : {}),
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => !request.url().startsWith(quintet.origin) && complaints.push(request.url()));
  await page.goto(quintet.origin);
  return {
    page,
    async [Symbol.asyncDispose]() {
      await context.close();
      expect(complaints).toEqual([]);
    },
  };
}

/** Keeps a picture of the page where `QUINTET_PICTURES` says. */
async function picture(page: Awaited<ReturnType<typeof open>>["page"], name: string): Promise<void> {
  const folder = process.env.QUINTET_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/home-${name}.png`, fullPage: true });
}

/** Narrow and light, wide and dark: axe-core finds nothing, and nothing is wider than the window. */
async function bothLooks(name: string, staff: boolean): Promise<void> {
  for (const [width, colorScheme] of [[390, "light"] as const, [1280, "dark"] as const]) {
    await using opened = await open({ staff, viewport: { width, height: 900 }, colorScheme });
    expect(await axeFaults(opened.page)).toEqual([]);
    expect(await opened.page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    await picture(opened.page, `${name}-${width}-${colorScheme}`);
  }
}

describe("the first page", { timeout: 120_000 }, () => {
  it("shows right after the start what runs, and that there are no figures yet", async () => {
    await using opened = await open({ staff: true });
    expect(await opened.page.getByRole("status").textContent()).toContain("All apps are healthy.");
    expect(await opened.page.locator("section.card").count()).toBe(6);
    await picture(opened.page, "start");
  });

  it("tells everybody how the apps are, and nobody but staff where they run and what they do", async () => {
    await using opened = await open({ javaScriptEnabled: false });
    const text = await opened.page.locator("main").textContent();
    expect(text).toContain("Staff see rates and latencies here.");
    expect(text).not.toMatch(/127\.0\.0\.1|process|Node|\d ms|\d\/s/);
    expect(await opened.page.locator("svg").count()).toBe(0);
    for (const link of await opened.page
      .locator("section.card a")
      .evaluateAll((all) => all.map((one) => (one as { href?: string }).href ?? ""))) {
      expect((await quintet.anyone.get(new URL(link).pathname)).status, link).not.toBe(404);
    }
    await bothLooks("anyone", false);
  });

  it("draws rates, latencies and errors for staff, and stays fresh by itself", async () => {
    await using opened = await open({ staff: true });
    const { page } = opened;
    await vi.waitFor(
      async () => {
        await Promise.all(Array.from({ length: 10 }, () => quintet.plain.get("/queue/count")));
        const plot = page.getByRole("img", { name: "Requests to queue" });
        expect(await plot.getAttribute("aria-label", { timeout: 100 })).toMatch(/at most [1-9][\d.,]*\/s$/);
      },
      { timeout: 40_000, interval: 200 },
    );
    expect(await page.getByRole("img", { name: "Latency of queue" }).getAttribute("aria-label")).toMatch(
      /at most [\d.]+ m?s$/,
    );
    expect(await page.locator("main").textContent()).toMatch(/http:\/\/127\.0\.0\.1:\d+ 0 in flight/);
    await bothLooks("staff", true);
  });

  it("says which app is not well, and that it cannot be reached", async () => {
    await quintet.stop("queue");
    await using opened = await open({ staff: true });
    expect(await opened.page.getByRole("status").textContent()).toContain("queue is unavailable.");
    expect(await opened.page.locator("section.card", { hasText: "queue" }).textContent()).toContain("unreachable");
    await bothLooks("down", true);
  });
});
