import { createLogger, type Listening, listenerOf, serve } from "@quintet/http";
import { axeFaults, launchBrowser, openWatched } from "@quintet/pages/testing";
import { findTool } from "@quintet/stores/testing";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { mapTiles as mapTilesOf } from "../src/map-tiles.ts";
import { anyVersion, type OpenListings, openListings } from "./open-listings.ts";

const installMinutes = 10;
const hostile = `<script>alert(1)</script>"'&`;
let listings: OpenListings;
let listening: Listening;
let browser: Browser;
let url: string;
let odd: number;
let cheap: number;

beforeAll(async () => {
  listings = await openListings();
  const odds = { address: hostile, city: hostile, description: hostile, price: 1_234_567, type: hostile };
  odd = await listings.create({ ...odds, lat: 3.44, lon: -76.52 });
  cheap = await listings.create({
    address: "Calle 1",
    city: "Cali",
    price: 90_000_000,
    year: 1999,
    lat: 3.45,
    lon: -76.53,
  });
  await listings.create({ address: "Calle 2", city: "Cali", price: 200_000_000, status: "vendido" });
  const search = { as: listings.staff, body: { name: hostile, search: { q: "balcon" }, notify: true } };
  expect((await listings.call("POST", "/searches", search)).status).toBe(201);
  const log = createLogger({ service: "properties", level: "silent" });
  listening = await serve(listenerOf(listings.app), { port: 0, host: "127.0.0.1", log, drainSeconds: 1 });
  url = `http://127.0.0.1:${listening.port}`;
  browser = await launchBrowser(await findTool("chromium", process.env, (line) => console.log(line)));
}, installMinutes * 60_000);

afterAll(async () => {
  await browser?.close();
  await listening?.close();
  await listings?.[Symbol.asyncDispose]();
});

/** A page of a browser that is signed in; its complaints fail the test when it is disposed of. */
async function visit(path: string, as: "staff" | "plain", options: BrowserContextOptions = {}) {
  const opened = await openWatched(browser, { url, path, token: listings[as].bearer.slice("Bearer ".length) }, options);
  const { page } = opened;
  return {
    ...opened,
    press: (name: string) => page.getByRole("button", { name, exact: true }).click(),
    follow: (name: string) => page.getByRole("link", { name, exact: true }).first().click(),
  };
}

const withoutScripts = { javaScriptEnabled: false };
const textOf = async (part: Locator) => ((await part.textContent()) ?? "").replaceAll(/\s+/g, " ");
const overflow = (page: Page) => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");

test("a property is found by filters in the URL, and compared, without JavaScript", async () => {
  await using opened = await visit("/properties", "plain", withoutScripts);
  const { page, press } = opened;
  await page.getByText("3 properties").waitFor();
  await page.getByText("Filters", { exact: true }).click();
  expect(await textOf(page.getByRole("group", { name: "City" }))).toContain("Cali 2");
  await page.getByLabel("Cali").check();
  await page.getByRole("group", { name: "Price" }).getByLabel("To").fill("$ 100.000.000");
  await press("Apply");
  await page.waitForURL(`${url}/properties?maxPrice=100000000&city=Cali`);
  await page.getByText("1 property", { exact: true }).waitFor();
  await page.getByRole("link", { name: /Price to/ }).click();
  await page.waitForURL(`${url}/properties?city=Cali`);
  for (const box of await page.getByRole("checkbox", { name: /^Compare/ }).all()) await box.check();
  await press("Compare");
  expect(await textOf(page.getByRole("row", { name: /^Price/ }))).toContain("$90,000,000 lowest");
  await page.goto(`${url}/properties?q=nosuchword`);
  await page.getByText("No property matches").waitFor();
  await page.getByRole("link", { name: "Show all properties" }).waitFor();
});

test("a search is saved, renamed, shows what is new of it, and is deleted, without JavaScript", async () => {
  await using opened = await visit("/properties?q=balcon&minPrice=1", "plain", withoutScripts);
  const { page, press, follow } = opened;
  await page.getByText("Save this search").click();
  await page.getByRole("textbox", { name: "Name" }).fill(hostile);
  await press("Save");
  await page.waitForURL(`${url}/properties/searches`);
  const saved = page.locator("main li.panel");
  expect(await textOf(saved)).toContain(`${hostile} Words: balcon · Price from: $1 Nothing new`);
  await saved.getByRole("link", { name: /^Rename/ }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Balconies");
  await press("Save");
  const fresh = await listings.create({ address: "Carrera 8", city: "Cali" });
  await page.goto(`${url}/properties/searches`);
  await page.getByText("1 new property").waitFor();
  await page.getByRole("button", { name: "Show the new ones of Balconies" }).click();
  await page.getByRole("link", { name: /New since/ }).waitFor();
  await page.getByRole("link", { name: "Carrera 8" }).waitFor();
  await listings.call("DELETE", `/${fresh}`, { as: listings.staff });
  await page.goto(`${url}/properties/searches`);
  await page.getByText("Nothing new").waitFor();
  await page.getByRole("link", { name: /^Delete/ }).click();
  await press("Delete");
  await page.getByText("You have saved no search yet.").waitFor();
  await follow("Search");
});

test("a search that is not possible keeps its form and says why", async () => {
  await using opened = await visit("/properties?minPrice=cheap&q=balcon", "plain", withoutScripts);
  const { page, complaints } = opened;
  await page.getByRole("alert").getByText("Price from").waitFor();
  expect(await page.getByLabel("Words").inputValue()).toBe("balcon");
  complaints.length = 0; // The browser reports the 400 as an error.
});

test("a property is liked and not liked any more, without JavaScript", async () => {
  await using opened = await visit(`/properties/${cheap}`, "plain", withoutScripts);
  const { page, press } = opened;
  expect(await page.getByRole("link", { name: "Edit" }).count()).toBe(0);
  await press("♡ Like");
  await page.getByText("1 like, one of them yours.").waitFor();
  await page.goto(`${url}/properties/liked`);
  await page.getByRole("link", { name: "Calle 1" }).click();
  await press("♥ Remove my like");
  await page.getByText("Nobody likes it yet.").waitFor();
});

test("staff sees what somebody else has saved meanwhile before it saves, and withdraws and restores", async () => {
  await using opened = await visit(`/properties/${cheap}/actions/edit`, "staff", withoutScripts);
  const { page, complaints, press, follow } = opened;
  await page.getByLabel("Price").fill("85,000,000");
  await page.getByLabel("Year built").fill("soon");
  await press("Save");
  await page.getByRole("alert").getByText("Year built").waitFor();
  await page.getByLabel("Year built").fill("1999");
  const change = { as: listings.staff, body: { price: 80_000_000 }, headers: anyVersion };
  expect((await listings.call("PATCH", `/${cheap}`, change)).status).toBe(200);
  await press("Save");
  await page.getByRole("alert").getByText("80,000,000").waitFor();
  expect((await listings.get(`/${cheap}`)).body).toMatchObject({ price: 80_000_000 });
  await press("Save mine");
  await page.getByText("$85,000,000").first().waitFor();
  await follow("Change the status");
  await page.getByRole("combobox", { name: "Status" }).selectOption("vendido");
  await press("Save");
  expect(await page.getByRole("listitem").filter({ hasText: "Sold" }).count()).toBe(1);
  await follow("Withdraw");
  await press("Withdraw");
  await page.getByText("Only staff can see it.").waitFor();
  await follow("Restore");
  await press("Restore");
  await page.getByText("Restored.").waitFor();
  complaints.length = 0; // The browser reports the 412 and the 422 as errors.
});

test("a map has the places of the page, shows texts as texts, and searches what it shows; without JavaScript it is not there", async () => {
  await using opened = await visit("/properties", "plain");
  const { page, press } = opened;
  const map = page.getByRole("region", { name: "Map of 2 properties" });
  await map.getByRole("button", { name: "$1.23M" }).press("Enter");
  const link = map.getByRole("link", { name: hostile, exact: true });
  await link.and(page.locator(":focus")).waitFor();
  expect(await link.getAttribute("href")).toBe(`/properties/${odd}`);
  await page.keyboard.press("Escape");
  await link.waitFor({ state: "detached" });
  await map.getByRole("button", { name: "$1.23M" }).and(page.locator(":focus")).waitFor();
  await page.getByRole("link", { name: "Skip the map" }).press("Enter");
  expect(new URL(page.url()).hash).toBe("#results");
  await press("Search in this area");
  await page.waitForURL(/bbox=3\.\d+%2C-76\.\d+%2C3\.\d+%2C-76\.\d+/);
  await page.getByText("2 properties", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Remove Area: on the map" }).waitFor();
  expect(await page.locator('input[type="hidden"][name="bbox"]').count()).toBe(1);
  await using plain = await visit(`/properties/${cheap}`, "plain", withoutScripts);
  expect(await plain.page.locator("[data-map]").isVisible()).toBe(false);
  await plain.follow(hostile);
  await plain.page.waitForURL(`${url}/properties/${odd}`);
});

test("tiles come from the origin of the setting, and the page admits images of no other", async () => {
  const mapTiles = mapTilesOf({
    MAP_TILES_URL: "https://{s}.tiles.test/{z}/{x}/{y}.png",
    MAP_ATTRIBUTION: "© Somebody <b> https://tiles.test/copyright",
  });
  const log = createLogger({ service: "properties", level: "silent" });
  const tiled = createApp({ ...listings.deps, mapTiles });
  const other = await serve(listenerOf(tiled), { port: 0, host: "127.0.0.1", log, drainSeconds: 1 });
  await using closing = new AsyncDisposableStack();
  closing.defer(() => other.close());
  await using opened = await visit("/properties/liked", "plain");
  const { page, complaints } = opened;
  const asked: string[] = [];
  await page.route("https://*.tiles.test/**", (route) => {
    asked.push(`${new URL(route.request().url()).host} ${route.request().headers().referer}`);
    return route.fulfill({ status: 204 });
  });
  const at = `http://127.0.0.1:${other.port}`;
  await page.goto(`${at}/properties?city=Cali`);
  await page.getByRole("link", { name: "© Somebody <b>" }).waitFor();
  await expect.poll(() => asked).toContain(`a.tiles.test ${at}/`);
  const refused = page.waitForEvent("console", (message) => message.text().includes("evil.test"));
  await page.evaluate("new Image().src = 'https://evil.test/1.png'");
  await refused;
  complaints.length = 0; // Requests to other hosts are what this test is about.
});

test("staff runs SQL, sees its plan and saves it for others, without JavaScript", async () => {
  await using opened = await visit("/properties/sql", "staff", withoutScripts);
  const { page, complaints, press } = opened;
  const statement = page.locator("#sql");
  await statement.fill("DELETE FROM listing");
  await press("Run");
  await page.getByRole("alert").waitFor();
  expect(await statement.inputValue()).toBe("DELETE FROM listing");
  complaints.length = 0; // The browser reports the 422 as an error.
  await statement.fill("SELECT city, NULL AS nothing, 9007199254740993 AS big FROM listing WHERE price < :price");
  await press("Run");
  await page.getByLabel(":price").fill("2000000");
  await page.getByLabel("Type of price").selectOption("integer");
  await press("Show the plan");
  await page.getByRole("heading", { name: "Plan" }).waitFor();
  await press("Run");
  expect(await textOf(page.getByRole("region", { name: "Rows" }))).toContain(`${hostile}NULL9007199254740993`);
  await page.getByText("Save it as a query").click();
  await page.getByLabel("Name").fill("cheap");
  await page.getByLabel("Every account may run it").check();
  await press("Save");
  await page.waitForURL(`${url}/properties/queries/cheap`);
  await using others = await visit("/properties/queries", "plain", withoutScripts);
  await others.follow("cheap");
  await others.page.getByLabel("price").fill("100");
  await others.press("Run");
  await others.page.getByText("The statement found nothing.").waitFor();
});

test("the SQL editor has colours, and runs by Ctrl+Enter", async () => {
  await using opened = await visit("/properties/sql", "staff");
  const { page, complaints } = opened;
  expect(await page.locator("#sql").isVisible()).toBe(false);
  await page.locator(".cm-content").press("Control+End");
  await page.keyboard.type(", 41 + 1 LIMIT 1 ");
  expect(await page.locator(".cm-line span").first().textContent()).toBe("SELECT");
  await page.locator(".cm-content").press("Control+Enter");
  await page.getByRole("heading", { name: "1 row in" }).waitFor();
  expect(complaints).toEqual([]);
  expect(await axeFaults(page)).toEqual([]);
  complaints.length = 0; // axe copies the styles of the editor into the page, which the page does not admit.
});

test.each([
  ["a wide window", { viewport: { width: 1100, height: 800 } }],
  ["a narrow and dark one", { viewport: { width: 390, height: 800 }, colorScheme: "dark" as const }],
])("hostile texts are texts, and axe finds nothing, in %s", async (_, options) => {
  await using opened = await visit(`/properties?city=${encodeURIComponent(hostile)}`, "staff", options);
  const { page } = opened;
  const paths = [
    undefined,
    `/${odd}`,
    `/${odd}/actions/edit`,
    `/compare?id=${odd}&id=${cheap}`,
    "/actions/new-property",
    "/statistics",
    "/queries",
    "/searches",
  ];
  for (const path of paths) {
    if (path !== undefined) await page.goto(`${url}/properties${path}`);
    expect([path, await axeFaults(page), await overflow(page)]).toEqual([path, [], 0]);
    if (!/new-property|queries|sql/.test(path ?? "")) expect(await textOf(page.locator("main"))).toContain(hostile);
  }
});
