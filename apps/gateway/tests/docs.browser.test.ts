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

/** A documentation page, shown; requests to elsewhere and complaints of the browser, CSP's too, fail the test when it is closed. */
async function open(path: string, options: BrowserContextOptions = {}, origin = quintet.origin) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  const own = (url: string) => url.startsWith(`${origin}/`) || /^(data|blob):/.test(url);
  context.on("request", (request) => own(request.url()) || complaints.push(request.url()));
  context.on("weberror", (error) => complaints.push(error.error().message));
  context.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  const page = await context.newPage();
  await page.goto(origin + path);
  await page.locator(".opblock").first().waitFor();
  return {
    page,
    async [Symbol.asyncDispose]() {
      await context.close();
      expect(complaints).toEqual([]);
    },
  };
}

/** Keeps a picture of the page where `QUINTET_PICTURES` says. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.QUINTET_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/docs-${name}.png` });
}

/** One way to say who one is, in the window behind "Authorize". */
async function way(page: Page, heading: string) {
  await page.getByRole("button", { name: "Authorize", exact: true }).click();
  await picture(page, "authorize");
  return page.locator(".auth-container", { hasText: heading });
}

/** Makes a call from the page and answers the status that it shows. */
async function call(page: Page, operation: string): Promise<string> {
  const one = page.locator(`#operations-${operation}`);
  await one.locator(".opblock-summary-control").click();
  await one.getByRole("button", { name: "Try it out" }).click();
  await one.getByRole("button", { name: "Execute" }).click();
  const status = one.locator(".live-responses-table tbody .response-col_status");
  return (await status.textContent())?.trim() ?? "";
}

async function authorized(container: Awaited<ReturnType<typeof way>>): Promise<void> {
  await container.getByRole("button", { name: /^Apply/ }).click();
  await container.getByRole("button", { name: "Remove authorization" }).waitFor();
  await container.getByRole("button", { name: "Close", exact: true }).click();
}

describe("the documentation in a browser", { timeout: 300_000 }, () => {
  it.each(["", "/queue"])("%s/docs shows every call, from here alone", async (prefix) => {
    const operations = operationsOf(await fetchDocument(quintet.anyone, `${prefix}/openapi.json`));
    await using opened = await open(`${prefix}/docs`);
    const shown = await opened.page.locator(".opblock").evaluateAll((all) =>
      all.map((one) => {
        const text = (part: string) => one.querySelector(part)?.textContent?.replaceAll("\u200b", "") ?? "";
        return `${text(".opblock-summary-method")} ${text(".opblock-summary-path")}`;
      }),
    );
    expect(shown.sort()).toEqual(operations.map(({ name }) => name).sort());
  });

  it.each([
    [390, "dark"],
    [1280, "light"],
  ] as const)("fits %s pixels in %s", async (width, colorScheme) => {
    await using opened = await open("/docs", { viewport: { width, height: 900 }, colorScheme });
    const { page } = opened;
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    const background = await page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
    expect(background.startsWith("rgb(28")).toBe(colorScheme === "dark");
    await picture(page, `${width}-${colorScheme}`);
  });

  it("opens the call that an address names", async () => {
    await using opened = await open("/docs#/accounts/getAuthMe");
    const me = opened.page.locator("#operations-accounts-getAuthMe");
    await me.getByRole("button", { name: "Try it out" }).waitFor();
    expect(await opened.page.locator(".opblock.is-open").count()).toBe(1);
    await picture(opened.page, "call");
  });

  it("takes a name and a password for Basic", async () => {
    await using opened = await open("/docs");
    const basic = await way(opened.page, "basic");
    await basic.getByLabel("Username").fill(quintet.plain.username);
    await basic.getByLabel("Password").fill(quintet.plain.password);
    await authorized(basic);
    expect(await call(opened.page, "accounts-getAuthMe")).toBe("200");
  });

  it("takes a token", async () => {
    const form = { grant_type: "password", username: quintet.plain.username, password: quintet.plain.password };
    const tokens = await quintet.anyone.post("/auth/token", new URLSearchParams(form));
    await using opened = await open("/docs");
    const bearer = await way(opened.page, "bearer");
    await bearer.getByLabel("Value").fill(tokens.json<{ access_token: string }>().access_token);
    await authorized(bearer);
    expect(await call(opened.page, "accounts-getAuthMe")).toBe("200");
  });

  it.each(["quintet-docs", ""])("gets a token for a password, as the client '%s'", async (clientId) => {
    await using opened = await open("/docs");
    const password = await way(opened.page, "OAuth2, password");
    await password.locator("#oauth_username").fill(quintet.plain.username);
    await password.locator("#oauth_password").fill(quintet.plain.password);
    await password.getByLabel("client_id").fill(clientId);
    await authorized(password);
    expect(await call(opened.page, "accounts-getAuthMe")).toBe("200");
  });

  it.each([
    ["127.0.0.1", "/queue/docs"],
    ["localhost", "/docs"],
  ])("gets a token by signing in at the issuer's own pages, at http://%s%s", async (name, path) => {
    await using opened = await open(path, {}, quintet.origin.replace("127.0.0.1", name));
    const { page } = opened;
    const code = await way(page, "OAuth2, authorizationCode");
    const [signIn] = await Promise.all([
      page.waitForEvent("popup"),
      code.getByRole("button", { name: /^Apply/ }).click(),
    ]);
    await signIn.getByLabel("Username or email").fill(quintet.plain.username);
    await signIn.getByLabel("Password").fill(quintet.plain.password);
    await signIn.getByRole("button", { name: "Sign in" }).click();
    await signIn.getByRole("heading", { name: "Let API documentation use your account?" }).waitFor();
    await signIn.getByRole("button", { name: "Allow", exact: true }).click();
    await code.getByRole("button", { name: "Remove authorization" }).waitFor();
    await code.getByRole("button", { name: "Close", exact: true }).click();
    expect(await call(page, "queue-getQueueCount")).toBe("200");
  });
});
