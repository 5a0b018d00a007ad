import { createLogger, type Listening, listenerOf, serve } from "@quintet/http";
import { axeFaults, launchBrowser, openWatched } from "@quintet/pages/testing";
import { findTool } from "@quintet/stores/testing";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../src/app.ts";
import { fillDemo } from "../src/demo.ts";
import { type Installation, openDirectory } from "./installation.ts";

const installMinutes = 10;
let directory: Installation;
let listening: Listening;
let browser: Browser;
let url: string;

beforeAll(async () => {
  directory = await openDirectory({ DEMO_USERS: "3000" });
  await fillDemo(directory.deps, () => {});
  const log = createLogger({ service: "directory", level: "silent" });
  const listener = listenerOf(createApp(directory.deps));
  listening = await serve(listener, { port: 0, host: "127.0.0.1", log, drainSeconds: 1 });
  url = `http://127.0.0.1:${listening.port}`;
  browser = await launchBrowser(await findTool("chromium", process.env, (line) => console.log(line)));
}, installMinutes * 60_000);

afterAll(async () => {
  await browser?.close();
  await listening?.close();
  await directory?.[Symbol.asyncDispose]();
});

/** A page whose every complaint fails the test; with `staff` in a browser that is signed in. */
function open(path: string, options: BrowserContextOptions & { staff?: boolean } = {}) {
  const { staff, ...others } = options;
  const token = staff ? directory.account.bearer.slice("Bearer ".length) : undefined;
  return openWatched(browser, { url, path, token }, others);
}

const rows = (page: Page) => page.locator("tbody tr");

describe("in a browser", () => {
  it("results come while typing, and the address follows", async () => {
    const opened = await open("/directory/search");
    const { page } = opened;
    await page.getByLabel("Name").pressSequentially("smith");
    await page.getByRole("status").filter({ hasText: "found for “smith”" }).waitFor();
    expect(new URL(page.url()).search).toBe("?name=smith");
    expect(await page.title()).toContain("smith");
    expect(await rows(page).first().textContent()).toMatch(/smith/i);
    await page.getByRole("link", { name: "Page 2" }).click();
    await page.waitForURL(/page_num=2/);
    expect(await page.getByRole("link", { name: "Page 2" }).getAttribute("aria-current")).toBe("page");
    await page.getByLabel("Name").fill("no such name");
    await page.getByText("No person matches “no such name”.").waitFor();
    expect(await rows(page).count()).toBe(0);
    await opened[Symbol.asyncDispose]();
  });

  it("everything works without JavaScript", async () => {
    const opened = await open("/directory", { javaScriptEnabled: false });
    const { page } = opened;
    await page.getByLabel("Name").fill("smith");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByText("found for “smith”").waitFor();
    await page.getByRole("link", { name: "Next" }).click();
    await page.waitForURL(/page_num=2/);
    await page.getByRole("link", { name: "Previous" }).click();
    await rows(page).first().getByRole("link").click();
    await page.waitForURL(/users\/\d+$/);
    await opened[Symbol.asyncDispose]();
  });

  it("staff add, edit and delete a person", async () => {
    const opened = await open("/directory/search", { staff: true });
    const { page } = opened;
    await page.getByRole("link", { name: "Add a person" }).click();
    await page.getByLabel("First name").fill("Zoë");
    await page.getByLabel("Last name").fill("Browserfield");
    await page.getByLabel("Email").fill("zoe@local");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByText("Nothing was saved").waitFor();
    expect(await page.getByLabel("Email").getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByLabel("First name").inputValue()).toBe("Zoë");
    opened.complaints.length = 0; // The browser reports the 422 as an error.
    await page.getByLabel("Email").fill("zoe@example.com");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("heading", { name: "Zoë Browserfield" }).waitFor();

    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByLabel("About").fill("Added by a browser.");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").filter({ hasText: "Saved." }).waitFor();
    await page.getByText("Added by a browser.").waitFor();
    await page.reload();
    expect(await page.getByRole("status").count()).toBe(0);

    await page.getByRole("link", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("status").filter({ hasText: "Deleted." }).waitFor();
    await page.getByRole("heading", { name: "Search" }).waitFor();
    await page.goto(`${url}/directory/search?name=browserfield`);
    await page.getByText("No person matches “browserfield”.").waitFor();
    await opened[Symbol.asyncDispose]();
  });

  it("a name of 100 letters makes no page wider than a narrow window", async () => {
    const long = "W".repeat(100);
    const [user] = await directory.deps.postgres<{ id: string }[]>`
      INSERT INTO directory.users (first_name, last_name, email, bio)
      VALUES (${long}, ${long}, ${`${"w".repeat(60)}@${"w".repeat(60)}.example.com`}, ${"w".repeat(2000)})
      RETURNING id`;
    const at = `/users/${user?.id}`;
    for (const path of ["", `/search?name=${long}`, at, `${at}/edit`, `${at}/delete`, `/nowhere-${long}`]) {
      for (const width of [390, 1200]) {
        const opened = await open(`/directory${path}`, { viewport: { width, height: 800 }, staff: true });
        expect(await opened.page.evaluate<number>("document.documentElement.scrollWidth - innerWidth"), path).toBe(0);
        opened.complaints.length = 0; // The browser reports the 404 as an error.
        await opened[Symbol.asyncDispose]();
      }
    }
  });

  it("the menu of a narrow window opens without a script and leads to every app", async () => {
    const opened = await open("/directory", { viewport: { width: 390, height: 800 }, javaScriptEnabled: false });
    const { page } = opened;
    const link = page.getByRole("navigation", { name: "Quintet" }).getByRole("link", { name: "Docs" });
    expect(await link.isVisible()).toBe(false);
    await page.getByText("Menu").click();
    await link.waitFor();
    expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBe(0);
    await opened[Symbol.asyncDispose]();
  });

  it.each([
    { colorScheme: "light", width: 1200 },
    { colorScheme: "dark", width: 1200 },
    { colorScheme: "light", width: 320 },
  ] as const)(
    "fits a window in $colorScheme of $width pixels, and axe finds nothing",
    async ({ colorScheme, width }) => {
      const options = { colorScheme, viewport: { width, height: 800 }, staff: true };
      const [user] = await directory.deps.postgres<{ id: string }[]>`SELECT min(id) AS id FROM directory.users`;
      for (const path of ["", "/search?name=a", "/users/new", `/users/${user?.id}`, `/users/${user?.id}/delete`]) {
        const opened = await open(`/directory${path}`, options);
        const { page } = opened;
        expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
        expect(await page.locator("main h1").count()).toBe(1);
        expect(await axeFaults(page)).toEqual([]);
        await opened[Symbol.asyncDispose]();
      }
    },
  );
});
