import { createLogger, type Listening, listenerOf, serve } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { axeFaults, launchBrowser, openWatched } from "@quintet/pages/testing";
import { findTool } from "@quintet/stores/testing";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../src/app.ts";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

const full = process.env.QUINTET_FAULTS === "full";
const installMinutes = 10;
const hostile = `</code><script>alert(1)</script>"'&`;
let open: OpenQueue;
let listening: Listening;
let browser: Browser;
let url: string;
let long: NamedQueue;
let orders: NamedQueue;
let failed: NamedQueue;

beforeAll(async () => {
  open = await openQueue();
  const log = createLogger({ service: "queue", level: "silent" });
  listening = await serve(listenerOf(createApp(open.deps)), { port: 0, host: "127.0.0.1", log, drainSeconds: 1 });
  url = `http://127.0.0.1:${listening.port}`;
  failed = await open.makeQueue();
  orders = await open.makeQueue({ deadLetterQueue: failed.name, maxReceives: 1 });
  long = await open.makeQueue({}, "W".repeat(80));
  await orders.send({ body: { order: 1 }, groupId: "customer-7" }, { body: 2, delaySeconds: 900 }, { body: 3 });
  await orders.send({ body: "x".repeat(900_000) }, { body: hostile, attributes: { source: hostile, weight: 7 } });
  const [first, second] = await orders.receive({ max: 3, visibilitySeconds: 900 });
  await orders.settle("nack", [first?.receipt ?? ""]);
  await orders.settle("ack", [second?.receipt ?? ""]);
  browser = await launchBrowser(await findTool("chromium", process.env, (line) => console.log(line)));
}, installMinutes * 60_000);

afterAll(async () => {
  await browser?.close();
  await listening?.close();
  await open?.[Symbol.asyncDispose]();
});

/** A page of a browser that is signed in, as staff by default; its complaints fail the test when it is disposed of. */
function visit(path: string, options: BrowserContextOptions & { as?: "staff" | "plain" } = {}) {
  const { as = "staff", ...others } = options;
  const token = open.people[as].bearer.slice("Bearer ".length);
  return openWatched(browser, { url, path, token }, others);
}

const overflow = (page: Page) => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");

async function firstMessage(queue: NamedQueue, state: string): Promise<string> {
  const listed = await open.request("GET", `${queue.path}/messages?state=${state}`);
  return `${queue.path}/messages/${listed.json<{ messages: { id: string }[] }>().messages[0]?.id}`;
}

describe("the pages of the queues", () => {
  it("show what is in the queues, and follow it without a reload", async () => {
    await using opened = await visit("/queue");
    const { page } = opened;
    const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: orders.name, exact: true }) });
    const follow = (text: string) =>
      until(async () => {
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))"); // Instead of the next refresh.
        return (await row.getByText(text).count()) > 0;
      });
    await follow("1 ready, 1 delayed, 1 leased");
    await orders.send({ body: 5 });
    await follow("2 ready, 1 delayed, 1 leased");
    expect(await row.getByRole("img").getAttribute("aria-label")).toMatch(/^Sent and acked in q\d in the last hour/);
    await page.getByLabel("Name").pressSequentially("WWW");
    await until(async () => (await page.getByRole("row").count()) === 2);
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe("/queue/find?name=WWW&order=attention");
  });

  it("work without JavaScript: a queue is created, filled, looked at, purged and deleted", async () => {
    await using opened = await visit("/queue", { javaScriptEnabled: false, as: "plain" });
    const { page, complaints } = opened;
    const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
    const follow = (name: string) => page.getByRole("link", { name, exact: true }).click();
    const done = (text: string) => page.getByRole("status").filter({ hasText: text }).waitFor();
    await follow("New queue");
    await page.getByLabel("Name").fill("no spaces");
    await page.getByLabel("Max length").fill("many");
    await press("Create");
    await page.getByRole("alert").getByText("Name").waitFor();
    expect(await page.getByLabel("Max length").inputValue()).toBe("many");
    await page.getByLabel("Name").fill("made-here");
    await press("Create");
    expect(await page.getByLabel("Max length").getAttribute("aria-invalid")).toBe("true");
    complaints.length = 0; // The browser reports each 422 as an error.
    await page.getByLabel("Max length").fill("10");
    await press("Create");
    await done("Added.");

    await follow("Send a message");
    await page.getByLabel("Body").fill('{"a": 1.0}');
    await page.getByLabel("Delay").fill("60");
    await press("Send");
    await done("Sent.");
    await follow("Messages");
    await page.getByText('{"a": 1.0}').waitFor();
    await page.locator("tbody a").click();
    await page.getByText("End of its delay, in").waitFor();
    await follow("Change its delay");
    await press("Save");
    await done("Saved.");
    await page.getByText("Available since then").waitFor();
    await follow("Cancel the message");
    await press("Cancel the message");
    await done("Deleted.");
    await page.getByText("There are no such messages.").waitFor();

    await page.goto(`${url}/queue/queues/made-here/actions/purge`);
    await page.getByText("0 messages now").waitFor();
    await press("Purge");
    await done("Deleted.");
    await follow("Delete");
    await press("Delete");
    await done("Deleted.");
    await page.getByRole("heading", { name: "Queues" }).waitFor();
    expect((await open.request("GET", "/queue/queues/made-here")).status).toBe(404);
  });

  it("create and delete access keys, schedules and webhooks, and show a secret once", async () => {
    const hook = "https://example.com/hook"; // Nothing is delivered: the queue is empty.
    await using opened = await visit("/queue/access-keys");
    const { page } = opened;
    const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
    const remove = async () => {
      await page.locator("td.act a").first().click();
      await press("Delete");
      await page.getByRole("status").filter({ hasText: "Deleted." }).waitFor();
    };
    await page.getByRole("link", { name: "New access key" }).click();
    await press("Create");
    expect(await page.locator("code.secret").textContent()).toMatch(/^[\w-]{40}$/);
    expect(await axeFaults(page)).toEqual([]);
    await page.goto(`${url}/queue/access-keys`);
    expect(await page.locator("tbody tr").count()).toBe(1);
    await remove();

    await page.goto(`${url}/queue/new-schedule`);
    await page.getByLabel("Name", { exact: true }).fill("nightly");
    await page.getByLabel("When").fill("0 3 * * *");
    await page.locator("#queue").fill(orders.name);
    await page.getByLabel("Body").fill('{"clean":true}');
    await press("Create");
    await page.getByText("0 3 * * *").waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await remove();

    await page.goto(`${url}${long.path}/subscriptions`);
    await page.getByRole("link", { name: "New webhook" }).click();
    await page.getByLabel("Name").fill("hook");
    await page.getByLabel("URL").fill(hook);
    await press("Create");
    await page.getByText(/^whsec_/).waitFor();
    await page.goto(`${url}${long.path}/subscriptions`);
    await page.getByText(hook).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await remove();
  });

  it("show an account only the queues and the buttons that it has a right to", async () => {
    const secret = await open.makeQueue({}, "private-of-staff");
    await open.request("PUT", `${secret.path}/access`, { as: open.people.staff, body: {} });
    await using opened = await visit(orders.path, { as: "plain" });
    const { page, complaints } = opened;
    await page.getByRole("link", { name: "Send a message" }).waitFor();
    expect(await page.getByRole("link", { name: "Purge" }).count()).toBe(0);
    await until(async () => (await open.deps.readFigures()).some(({ name }) => name === secret.name));
    await page.goto(`${url}/queue`);
    await page.getByRole("link", { name: orders.name, exact: true }).waitFor();
    expect(await page.getByText(secret.name).count()).toBe(0);
    await page.goto(url + secret.path);
    await page.getByText("403").waitFor();
    complaints.length = 0; // The browser reports the 403 as an error.
  });

  it("change the access without JavaScript, and the owner for staff", async () => {
    const { other, plain, staff } = open.people;
    const access = async () => (await open.request("GET", `${long.path}/access`, { as: staff })).json();
    await using opened = await visit(long.path, { javaScriptEnabled: false });
    const { page, complaints } = opened;
    const follow = (name: string) => page.getByRole("link", { name, exact: true }).click();
    const save = () => page.getByRole("button", { name: "Save", exact: true }).click();
    const saved = () => page.getByRole("status").filter({ hasText: "Saved." }).waitFor();
    await follow("Change access");
    expect(await page.getByLabel("May send").inputValue()).toBe("everyone");
    await page.getByLabel("May send").fill("somebody");
    await page.getByLabel("May manage").fill(`Staff ${other.account.id}, ${other.account.id}`);
    await save();
    await page.getByText('must be "everyone", "staff" or the id of an account').first().waitFor();
    expect(await page.getByLabel("May manage").inputValue()).toContain("Staff");
    complaints.length = 0; // The browser reports the 422 as an error.
    await page.getByLabel("May send").fill("");
    await save();
    await saved();
    expect(await access()).toEqual({
      owner: null,
      send: [],
      receive: ["everyone"],
      manage: ["staff", other.account.id],
    });
    await page.getByText(`staff, account ${other.account.id}`).waitFor();
    await follow("Change owner");
    await page.getByLabel("Owner").fill(String(plain.account.id));
    await save();
    await saved();
    await page.getByText(`Account ${plain.account.id}`, { exact: true }).waitFor();
    expect(await access()).toMatchObject({ owner: plain.account.id, manage: ["staff", other.account.id] });

    await using owned = await visit(long.path, { as: "plain" });
    await owned.page.getByRole("link", { name: "Change access" }).waitFor();
    expect(await owned.page.getByRole("link", { name: "Change owner" }).count()).toBe(0);
    const form = { headers: { Accept: "text/html" }, as: plain };
    expect((await open.request("GET", `${long.path}/actions/owner`, form)).status).toBe(403);
    await open.request("PUT", `${long.path}/access`, {
      as: staff,
      body: { owner: null, send: ["everyone"], receive: ["everyone"], manage: ["staff"] },
    });
  });

  it("show a large body cut, with a link to the whole, and hostile text as text", async () => {
    await using opened = await visit(await firstMessage(orders, "leased"));
    const { page } = opened;
    expect(await page.locator("pre.body").textContent()).toMatch(/^"x{16383}…$/);
    const whole = await page.request.get(`${page.url()}/body`);
    expect([whole.headers()["content-type"], (await whole.text()).length]).toEqual([
      "text/plain; charset=UTF-8",
      900_002,
    ]);
    await page.goto(url + (await firstMessage(orders, "ready")));
    expect(await page.locator("pre.body").textContent()).toBe(JSON.stringify(hostile));
    expect(await page.getByText(hostile, { exact: true }).count()).toBe(1); // The attribute.
  });

  it("fit 390 and 1100 pixels in both colours, and axe finds nothing", async () => {
    const paths = [
      "/queue",
      long.path,
      `${long.path}/actions/access`,
      ...(full ? [`${long.path}/actions/owner`, `${orders.path}/actions/settings`, "/queue/schedules"] : []),
      `${orders.path}/messages`,
      "/queue/new-queue",
      await firstMessage(orders, "ready"),
    ];
    await using opened = await visit("/queue");
    const { page } = opened;
    for (const path of paths) {
      await page.goto(url + path);
      expect(await page.locator("main h1").count()).toBe(1);
      for (const [colorScheme, width] of [
        ["light", 1100],
        ["dark", 390],
        ...(full
          ? ([
              ["dark", 1100],
              ["light", 390],
            ] as const)
          : []),
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        expect(await overflow(page), path).toBe(0);
        expect(await axeFaults(page), path).toEqual([]);
      }
    }
  });

  it("move a dead letter back to the queue it came from", async () => {
    await using opened = await visit(await firstMessage(failed, "ready"), { javaScriptEnabled: false });
    const { page } = opened;
    await page.getByText(`${orders.name} → ${failed.name}`).waitFor();
    await page.getByRole("link", { name: "Redrive" }).click();
    await page.getByRole("button", { name: "Redrive" }).click();
    await page.getByRole("status").filter({ hasText: "Moved." }).waitFor();
    await page.getByText("There are no such messages.").waitFor();
    expect((await failed.counts()).length).toBe(0);
  });
});
