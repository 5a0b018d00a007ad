import { launchBrowser } from "@quintet/pages/testing";
import { findTool, freePort } from "@quintet/stores/testing";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Installation, startMounted } from "./harness/installation.ts";
import { fetchDocument, operationsOf } from "./harness/operations.ts";

const installMinutes = 10;
let quintet: Installation;
let browser: Browser;

beforeAll(async () => {
  const port = String(await freePort());
  quintet = await startMounted({ PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}`, WORKERS: "0" });
  browser = await launchBrowser(await findTool("chromium", process.env, (line) => console.log(line)));
}, installMinutes * 60_000);

afterAll(async () => {
  await browser?.close();
  await quintet?.[Symbol.asyncDispose]();
});

/** A step of a test, which fails by its name when it takes too long: a page whose script never ends holds up every call to it. */
async function step<T>(name: string, action: Promise<T>, seconds = 60): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`"${name}" took more than ${seconds} s`)), seconds * 1000);
  return Promise.race([action, promise]).finally(() => clearTimeout(timer));
}

/** A documentation page, shown; requests to other hosts and errors of the browser, CSP's too, fail the test when it is closed. */
async function open(path: string, options: BrowserContextOptions = {}, origin = quintet.origin) {
  const context = await step("open a context", browser.newContext(options));
  context.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  const own = (url: string) => url.startsWith(`${origin}/`) || /^(data|blob):/.test(url);
  context.on("request", (request) => own(request.url()) || complaints.push(request.url()));
  context.on("weberror", (error) => complaints.push(error.error().message));
  context.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  const page = await step("open a page", context.newPage());
  await step(`load ${path}`, page.goto(origin + path));
  await step(`show ${path}`, page.locator(".opblock-tag").first().waitFor());
  return {
    page,
    async [Symbol.asyncDispose]() {
      await step("close the context", context.close());
      expect(complaints).toEqual([]);
    },
  };
}

/** Keeps a picture of the page where `QUINTET_PICTURES` says. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.QUINTET_PICTURES;
  if (folder) await step(`picture ${name}`, page.screenshot({ path: `${folder}/docs-${name}.png` }));
}

const filter = (page: Page) => page.getByRole("searchbox", { name: "Filter by path, summary or group" });

async function expectToFit(page: Page, width: number, colorScheme: "dark" | "light"): Promise<void> {
  const scrollWidth = page.evaluate("document.documentElement.scrollWidth");
  expect(await step("measure", scrollWidth)).toBeLessThanOrEqual(width);
  const background = () => page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
  const isDark = async () => (await step("read the color", background())).startsWith("rgb(28");
  await expect.poll(isDark).toBe(colorScheme === "dark");
  await picture(page, `${width}-${colorScheme}`);
}

/** The operations of all groups, opened one after the other: of a long list Swagger UI keeps only what is in sight. */
async function operationsShown(page: Page): Promise<string[]> {
  const [groups, operations] = [page.locator(".opblock-tag"), page.locator(".opblock")];
  const shown: string[] = [];
  const count = await step("count the groups", groups.count());
  for (let at = 0; at < count; at++) {
    await step("open a group", groups.nth(at).click());
    await step("show its operations", operations.first().waitFor());
    const names = operations.evaluateAll((all) =>
      all.map((one) => {
        const text = (part: string) => one.querySelector(part)?.textContent?.replaceAll("\u200b", "") ?? "";
        return `${text(".opblock-summary-method")} ${text(".opblock-summary-path")}`;
      }),
    );
    shown.push(...(await step("read its operations", names)));
    await step("close the group", groups.nth(at).click());
    await step("hide its operations", operations.first().waitFor({ state: "detached" }));
  }
  return shown;
}

/** One way to authenticate, in the dialog behind "Authorize". */
async function way(page: Page, heading: string) {
  await step("open the dialog", page.getByRole("button", { name: "Authorize", exact: true }).click());
  await picture(page, "authorize");
  return page.locator(".auth-container", { hasText: heading });
}

/** Sends a request from the page, of an operation of a group that is collapsed, and returns the operation with its response. */
async function send(page: Page, operation: string) {
  await step("filter", filter(page).fill(operation.split("-").at(-1)!));
  const one = page.locator(`#operations-${operation}`);
  await step("open the operation", one.locator(".opblock-summary-control").click());
  await step("try it out", one.getByRole("button", { name: "Try it out" }).click());
  await step("execute", one.getByRole("button", { name: "Execute" }).click());
  await step("get a response", one.locator(".live-responses-table").waitFor());
  return one;
}

/** Sends a request from the page and returns the status that it shows. */
async function call(page: Page, operation: string): Promise<string> {
  const one = await send(page, operation);
  const status = one.locator(".live-responses-table tbody .response-col_status");
  return (await step("read the status", status.textContent()))?.trim() ?? "";
}

async function authorized(container: Awaited<ReturnType<typeof way>>): Promise<void> {
  await step("authorize", container.getByRole("button", { name: /^Apply/ }).click());
  await step("be authorized", container.getByRole("button", { name: "Remove authorization" }).waitFor());
  await step("close the dialog", container.getByRole("button", { name: "Close", exact: true }).click());
}

describe("the documentation in a browser", { timeout: 300_000 }, () => {
  it.each(["", "/queue"])(
    "%s/docs starts collapsed and has every operation, without requests to other hosts",
    async (prefix) => {
      const operations = operationsOf(await fetchDocument(quintet.anyone, `${prefix}/openapi.json`));
      await using opened = await open(`${prefix}/docs`);
      expect(await opened.page.locator(".opblock").count()).toBe(0);
      const shown = await operationsShown(opened.page);
      expect(shown.sort()).toEqual(operations.map(({ name }) => name).sort());
    },
  );

  it("opens the operation that an address names", async () => {
    await using opened = await open("/queue/docs#/queue/getQueueCount");
    const count = opened.page.locator("#operations-queue-getQueueCount");
    await step("open it", count.getByRole("button", { name: "Try it out" }).waitFor());
    expect(await opened.page.locator(".opblock.is-open").count()).toBe(1);
    await picture(opened.page, "call");
  });

  it("takes a name and a password for Basic, and keeps them over a reload, for this tab", async () => {
    await using opened = await open("/queue/docs");
    const basic = await way(opened.page, "basic");
    await step("type the name", basic.getByLabel("Username").fill(quintet.plain.username));
    await step("type the password", basic.getByLabel("Password").fill(quintet.plain.password));
    await authorized(basic);
    await step("reload", opened.page.reload());
    await step("show it again", opened.page.locator(".opblock-tag").first().waitFor());
    expect(await call(opened.page, "queue-getQueueCount")).toBe("200");
    expect(await opened.page.evaluate("localStorage.length")).toBe(0);
  });

  it("takes a token", async () => {
    const form = { grant_type: "password", username: quintet.plain.username, password: quintet.plain.password };
    const tokens = await quintet.anyone.post("/auth/token", new URLSearchParams(form));
    await using opened = await open("/queue/docs");
    const bearer = await way(opened.page, "bearer");
    const { access_token } = tokens.json<{ access_token: string }>();
    await step("type the token", bearer.getByLabel("Value").fill(access_token));
    await authorized(bearer);
    expect(await call(opened.page, "queue-getQueueCount")).toBe("200");
  });

  it.each(["quintet-docs", ""])("gets a token for a password, as the client '%s'", async (clientId) => {
    await using opened = await open("/queue/docs");
    const password = await way(opened.page, "OAuth2, password");
    await step("type the name", password.locator("#oauth_username").fill(quintet.plain.username));
    await step("type the password", password.locator("#oauth_password").fill(quintet.plain.password));
    await step("type the client", password.getByLabel("client_id").fill(clientId));
    await authorized(password);
    expect(await call(opened.page, "queue-getQueueCount")).toBe("200");
  });

  it.each([
    ["127.0.0.1", "/queue/docs"],
    ["localhost", "/docs"],
  ])("gets a token by signing in at the issuer's own pages, at http://%s%s", async (name, path) => {
    await using opened = await open(path, {}, quintet.origin.replace("127.0.0.1", name));
    const { page } = opened;
    const code = await way(page, "OAuth2, authorizationCode");
    const popup = page.waitForEvent("popup");
    await step("authorize", code.getByRole("button", { name: /^Apply/ }).click());
    const signIn = await step("open the sign-in", popup);
    await step("type the name", signIn.getByLabel("Username or email").fill(quintet.plain.username));
    await step("type the password", signIn.getByLabel("Password").fill(quintet.plain.password));
    await step("sign in", signIn.getByRole("button", { name: "Sign in" }).click());
    const question = signIn.getByRole("heading", { name: "Let API documentation use your account?" });
    await step("be asked for consent", question.waitFor());
    await step("allow", signIn.getByRole("button", { name: "Allow", exact: true }).click());
    await step("be authorized", code.getByRole("button", { name: "Remove authorization" }).waitFor());
    await step("close the dialog", code.getByRole("button", { name: "Close", exact: true }).click());
    expect(await call(page, "queue-getQueueCount")).toBe("200");
  });
});

describe("one page of the documentation", { timeout: 300_000 }, () => {
  let opened: Awaited<ReturnType<typeof open>>;
  let page: Page;

  beforeAll(async () => {
    opened = await open("/docs", { viewport: { width: 1280, height: 900 }, colorScheme: "light" });
    page = opened.page;
  }, 120_000);

  afterAll(() => opened?.[Symbol.asyncDispose](), 60_000);

  it("fits 1280 pixels in light, and 390 in dark", async () => {
    await expectToFit(page, 1280, "light");
    await step("make it small", page.setViewportSize({ width: 390, height: 900 }));
    await step("make it dark", page.emulateMedia({ colorScheme: "dark" }));
    await expectToFit(page, 390, "dark");
    await step("make it large", page.setViewportSize({ width: 1280, height: 900 }));
    await step("make it light", page.emulateMedia({ colorScheme: "light" }));
  });

  it("leads home, introduces itself and has health last", async () => {
    expect(await page.getByRole("link", { name: "Quintet home" }).getAttribute("href")).toBe("/");
    expect(await page.locator(".info .description").textContent()).toContain("Idempotency-Key");
    expect(await page.locator(".opblock-tag").last().getAttribute("data-tag")).toBe("health");
  });

  it("filters by a path, by a group, and by the words of a summary in any order and case", async () => {
    const document = await fetchDocument(quintet.anyone, "/openapi.json");
    const { summary } = document.paths["/queue/queues/{name}"]!.put as { summary?: string };
    for (const [phrase, group] of [
      ["/queue/push", "queue"],
      ["directory pages", "directory pages"],
    ] as const) {
      await step("filter", filter(page).fill(phrase));
      await step("find operations", page.locator(".opblock").first().waitFor());
      const shown = () =>
        page.locator(".opblock-tag").evaluateAll((all) => all.map((one) => one.getAttribute("data-tag")));
      await expect.poll(shown, { timeout: 60_000 }).toEqual([group]);
    }
    await step("filter", filter(page).fill(summary!.toUpperCase().split(" ").reverse().join(" ")));
    await step("find it", page.locator("[id^=operations-][id$=-putQueueQueuesByName]").waitFor());
    await expect.poll(() => page.locator(".opblock").count(), { timeout: 60_000 }).toBe(1);
  });

  it("offers the sign-in pages first, and its fields have the focus", async () => {
    await way(page, "basic");
    const headings = await page.locator(".auth-container h4").allTextContents();
    const kinds = ["authorizationCode", "OAuth2, password", "bearer", "basic"];
    expect(headings.map((heading) => kinds.find((kind) => heading.includes(kind)))).toEqual(kinds);
    await step("focus", page.locator(".auth-container").first().locator("input:focus").waitFor());
    await step("close the dialog", page.getByRole("button", { name: "Close", exact: true }).first().click());
  });

  it("shows a long response as plain text", async () => {
    const listing = "x".repeat(300);
    const rows = { rows: Array.from({ length: 1000 }, (_, id) => ({ id, listing })), nextCursor: null };
    await page.route("**/ingest/loads?*", (route) => route.fulfill({ json: rows }));
    const one = await send(page, "ingest-getIngestLoads");
    const body = one.locator(".live-responses-table .highlight-code pre").first();
    expect((await step("read the response", body.textContent()))?.length).toBeGreaterThan(300_000);
    expect(await step("count its parts", body.locator("span").count())).toBe(0);
  });
});
