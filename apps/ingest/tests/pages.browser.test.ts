import { createLogger, type Listening, listenerOf, serve } from "@quintet/http";
import { axeFaults, launchBrowser, openWatched } from "@quintet/pages/testing";
import { findTool } from "@quintet/stores/testing";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { departments, hires, jobs, openIngest, type TestIngest } from "./open-ingest.ts";

const installMinutes = 10;
const hostile = `<script>alert(1)</script>"'&`;
let ingest: TestIngest;
let listening: Listening;
let browser: Browser;
let url: string;

beforeAll(async () => {
  ingest = await openIngest();
  await ingest.load("departments", departments);
  await ingest.load("jobs", jobs);
  const broken = `x,"${hostile.replaceAll('"', '""')}",2021-01-01T00:00:00Z,1,1\n999,Bo,2021-02-30T00:00:00Z,1,1\n`;
  await ingest.load("hired_employees", hires(1, 30) + broken);
  await ingest.call("POST", "/ingest/jobs/backups");
  const log = createLogger({ service: "ingest", level: "silent" });
  listening = await serve(listenerOf(ingest.app), { port: 0, host: "127.0.0.1", log, drainSeconds: 1 });
  url = `http://127.0.0.1:${listening.port}`;
  browser = await launchBrowser(await findTool("chromium", process.env, (line) => console.log(line)));
}, installMinutes * 60_000);

afterAll(async () => {
  await browser?.close();
  await listening?.close();
  await ingest?.[Symbol.asyncDispose]();
});

/** A page of a browser that is signed in, as staff by default; its complaints fail the test when it is disposed of. */
async function visit(path: string, options: BrowserContextOptions & { as?: "staff" | "plain" } = {}) {
  const { as = "staff", ...others } = options;
  const token = ingest.people[as].bearer.slice("Bearer ".length);
  const opened = await openWatched(browser, { url, path, token }, others);
  const { page } = opened;
  return {
    ...opened,
    press: (name: string) => page.getByRole("button", { name, exact: true }).click(),
    follow: (name: string) => page.getByRole("link", { name, exact: true }).first().click(),
    done: (text: string) => page.getByRole("status").filter({ hasText: text }).waitFor(),
  };
}

const csv = (text: string) => ({ name: "a.csv", mimeType: "text/csv", buffer: Buffer.from(text) });

const overflow = (page: Page) => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");

describe("the pages of ingest", () => {
  it("show loads", async () => {
    await using opened = await visit("/ingest/loads");
    const { page, follow } = opened;
    await follow("Load 3");
    await page.getByText("Received").waitFor();
  });

  it("load a file to the end without JavaScript, once however often the form is sent", async () => {
    await using opened = await visit("/ingest/new-load?table=jobs", { javaScriptEnabled: false });
    const { page, complaints, press } = opened;
    await page.locator("#file").setInputFiles(csv("id,jop\n901,Baker\n"));
    await press("Look at the file");
    await page.getByRole("alert").getByText("jop").waitFor();
    complaints.length = 0; // The browser reports the 422 as an error.
    await page.locator("#file").setInputFiles(csv(`id,job\n901,Baker\nx,"${hostile.replaceAll('"', '""')}"\n`));
    await press("Look at the file");
    await page.getByText("1 of the first 2 rows would be rejected.").waitFor();
    await page.getByText(hostile).first().waitFor();
    await page.locator("#file").setInputFiles(csv("id,job\n901,Baker\nx,No\n"));
    await press("Dry run");
    await page.getByText("Nothing was stored").waitFor();
    expect(await ingest.rows("SELECT job FROM jobs WHERE id = 901")).toEqual([]);
    await page.goto(`${url}/ingest/new-load?table=jobs`);
    const key = await page.locator("[name=key]").inputValue();
    await page.locator("#file").setInputFiles(csv("id,job\n901,Baker\nx,No\n"));
    await press("Load");
    await page.getByText("rejected").first().waitFor();
    const again = await page.request.post(`${url}/ingest/new-load`, {
      multipart: { key, table: "jobs", file: csv("id,job\n901,Baker\nx,No\n") },
      headers: { Origin: url, "Sec-Fetch-Site": "same-origin", Accept: "text/html" },
      maxRedirects: 0,
    });
    expect([again.status(), url + again.headers().location]).toEqual([303, page.url()]);
    expect(await ingest.rows("SELECT job FROM jobs WHERE id = 901")).toEqual([{ job: "Baker" }]);
  });

  it("look at a file when it is chosen, and load it with its progress", async () => {
    await using opened = await visit("/ingest/new-load");
    const { page, press } = opened;
    await page.getByLabel("Table").selectOption("hired_employees");
    await page.locator("#file").setInputFiles(csv(hires(10_000, 50_000)));
    await page.getByRole("heading", { name: "What the file was taken for" }).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await press("Load");
    await page.waitForURL(/\/ingest\/loads\/\d+$/);
    await page.getByText("50,000 rows").waitFor();
    expect((await ingest.rows("SELECT COUNT(*) AS n FROM hired_employees WHERE id >= 10000"))[0]?.n).toBe(50_000);
  });

  it("assign the columns of a file, show what a dry run would change at its cells, and load what was shown", async () => {
    await using opened = await visit("/ingest/new-load?table=jobs");
    const { page, complaints, press } = opened;
    await page.getByLabel("Rows that are there").selectOption("upsert");
    await page.locator("#file").setInputFiles(csv("Id;Oficio;Nota\n1;Barbero;x\n940;Pintor;y\n941;;z\n"));
    await page.getByRole("alert").getByText("Oficio is not a column of jobs").waitFor();
    complaints.length = 0; // The browser reports each 422 as an error.
    await page.getByLabel("Where Oficio goes").selectOption("job");
    await page.getByRole("alert").getByText("Nota is not a column of jobs").waitFor();
    await page.getByLabel("Where Nota goes").selectOption("");
    await page.getByText("1 of the first 3 rows would be rejected.").waitFor();
    await press("Dry run");
    await page.getByText("1 row added, 1 changed, 0 deleted.").waitFor();
    expect(await page.locator("td.changed").allTextContents()).toEqual(["Job 1 Barbero"]);
    expect(await axeFaults(page)).toEqual([]);
    expect(await ingest.rows("SELECT job FROM jobs WHERE id IN (1, 940)")).toEqual([{ job: "Job 1" }]);
    complaints.length = 0;
    await press("Load");
    await page.waitForURL(/\/ingest\/loads\/\d+$/);
    expect(await ingest.rows("SELECT job FROM jobs WHERE id IN (1, 940)")).toEqual([
      { job: "Barbero" },
      { job: "Pintor" },
    ]);
  });

  it("assign the columns without JavaScript as well, and lead from a dry run to the load", async () => {
    await using opened = await visit("/ingest/new-load?table=jobs", { javaScriptEnabled: false });
    const { page, complaints, press, follow } = opened;
    const file = csv("Id;Oficio;Nota\n942;Pintor;y\n");
    await page.locator("#file").setInputFiles(file);
    await press("Look at the file");
    await page.getByLabel("Where Oficio goes").selectOption("job");
    await page.getByLabel("Where Nota goes").selectOption("");
    await page.locator("#file").setInputFiles(file);
    await press("Dry run");
    await page.getByText("1 row added").waitFor();
    await follow("Load the file");
    await page.locator("#file").setInputFiles(file);
    await press("Load");
    await page.waitForURL(/\/ingest\/loads\/\d+$/);
    expect(await ingest.rows("SELECT job FROM jobs WHERE id = 942")).toEqual([{ job: "Pintor" }]);
    complaints.length = 0; // The browser reports the 422 as an error.
  });

  it("make a table from a file and load it, without JavaScript", async () => {
    await using opened = await visit("/ingest", { javaScriptEnabled: false });
    const { page, complaints, press, follow, done } = opened;
    await follow("New table from a file");
    const file = csv(`Artículo;Precio;_nota\nA-1;1,50;${hostile}\nA-2;2,25;\n`);
    await page.locator("#file").setInputFiles(file);
    await press("Propose a table");
    await page.getByText("Fields are separated by a semicolon").waitFor();
    await page.getByLabel("Name of the table").fill("jobs");
    await page.getByLabel("Name of column 2").fill("price");
    await page.getByLabel("Name of column 1").fill("price");
    await press("Make the table");
    await page.getByRole("alert").getByText("is there twice").waitFor();
    await page.getByLabel("Name of column 1").fill("item");
    await press("Make the table");
    await page.getByRole("alert").getByText("is the name of another table").waitFor();
    complaints.length = 0; // The browser reports each 422 as an error.
    await page.getByLabel("Name of the table").fill("prices");
    await press("Make the table");
    await done("Added.");
    expect(await page.getByLabel("Table", { exact: true }).inputValue()).toBe("prices");
    await page.locator("#file").setInputFiles(file);
    await press("Load");
    await page.waitForURL(/\/ingest\/loads\/\d+$/);
    expect(await ingest.rows("SELECT item, price, nota FROM prices ORDER BY item")).toEqual([
      { item: "A-1", price: 1.5, nota: hostile },
      { item: "A-2", price: 2.25, nota: null },
    ]);
  });

  it("propose a table for a file that is sent in the background", async () => {
    await using opened = await visit("/ingest/new-table");
    const { page, press } = opened;
    await page
      .locator("#file")
      .setInputFiles(csv("id,name,since\n1,Ann,2021-01-01T00:00:00\n2,Bo,2021-01-02T00:00:00\n"));
    await press("Propose a table");
    await page.getByRole("heading", { name: "What the file was taken for" }).waitFor();
    for (const [colorScheme, width] of [
      ["light", 1100],
      ["dark", 390],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      expect(await overflow(page)).toBe(0);
      expect(await axeFaults(page)).toEqual([]);
    }
  });

  it("cancel a load that is running", async () => {
    await using opened = await visit("/ingest/new-load?table=hired_employees");
    const { page, press } = opened;
    const connection = await ingest.deps.mysql.getConnection();
    try {
      await connection.query("START TRANSACTION");
      await connection.query("SELECT id FROM departments FOR UPDATE"); // The load waits for it.
      await page.locator("#file").setInputFiles(csv(hires(100_000, 30)));
      await press("Load");
      await page.locator("[data-load-state]").getByText("running").waitFor();
      await press("Cancel the load");
      await page.waitForURL(/\/ingest\/loads\/\d+$/);
      await page.getByText("The load was cancelled.").waitFor();
    } finally {
      await connection.query("ROLLBACK");
      connection.release();
    }
    expect((await ingest.rows("SELECT COUNT(*) AS n FROM hired_employees WHERE id >= 100000"))[0]?.n).toBe(0);
  });

  it("show rejected rows with the reason at the cell, and load them mended, without JavaScript", async () => {
    const { id } = await ingest.load("jobs", `id;job\n960;"${hostile.replaceAll('"', '""')}"\n961;\n962;a;b\n`);
    await using opened = await visit(`/ingest/loads/${id}`, { javaScriptEnabled: false });
    const { page, press, follow } = opened;
    await follow("Rejected rows");
    expect(await page.locator("td.wrong .fault").count()).toBe(1);
    expect(await page.locator("tbody th .fault").count()).toBe(1);
    await follow("Mend the rows");
    const link = page.getByRole("link", { name: "Download the 2 rejected rows" });
    const file = await (await page.request.get(url + (await link.getAttribute("href")))).text();
    await page.locator("#file").setInputFiles(csv(file.replace("961;", "961;Mended").replace("962;a;b", "962;a b")));
    await press("Load the mended rows");
    await page.getByText("Mends").waitFor();
    expect(await ingest.rows("SELECT job FROM jobs WHERE id IN (960, 961, 962)")).toEqual([
      { job: hostile },
      { job: "Mended" },
      { job: "a b" },
    ]);
  });

  it("undo a load, and say what is in the way, without JavaScript", async () => {
    const first = await ingest.load("jobs", "id,job\n950,First\n951,First\n");
    const second = await ingest.load("jobs", "id,job\n951,Second\n", "?mode=upsert");
    await using opened = await visit(`/ingest/loads/${first.id}`, { javaScriptEnabled: false });
    const { page, complaints, press, follow, done } = opened;
    await follow("Undo the load");
    await press("Undo the load");
    await page.getByRole("alert").getByText(`load ${second.id}`).waitFor();
    complaints.length = 0; // The browser reports the 409 as an error.
    for (const { id } of [second, first]) {
      await page.goto(`${url}/ingest/loads/${id}`);
      await follow("Undo the load");
      await press("Undo the load");
      await done("Undone.");
    }
    expect(await ingest.rows("SELECT id FROM jobs WHERE id IN (950, 951)")).toEqual([]);
    await page.goto(`${url}/ingest/jobs`);
    await page.getByLabel("Column").selectOption("job");
    await page.getByLabel("Is").selectOption("a text with");
    await page.getByLabel("Value").fill("o");
    await press("Filter");
    await page.locator("code").getByText("job*=o").waitFor();
    const csv = await page.request.get(`${url}${await page.getByRole("link", { name: "CSV" }).getAttribute("href")}`);
    expect([csv.status(), (await csv.text()).split("\r\n", 1)]).toEqual([200, ["id,job"]]);
  });

  it("make, restore and delete a backup without JavaScript", async () => {
    await using opened = await visit("/ingest/backups", { javaScriptEnabled: false });
    const { page, press, follow, done } = opened;
    await page.getByRole("link", { name: /^Verify jobs/ }).click();
    await press("Verify");
    await done("Verified.");
    await page.getByText("Verified on").waitFor();
    await follow("Make a backup");
    await page.getByLabel("Table").selectOption("departments");
    await press("Make the backup");
    await done("Added.");
    expect(await page.locator("tbody tr").count()).toBe(2);
    await page.getByRole("link", { name: /^Restore departments/ }).click();
    await page.getByText("becomes the 12 rows").waitFor();
    await ingest.rows("UPDATE departments SET department = 'Other' WHERE id = 12");
    await follow("Count what would change");
    await press("Count");
    expect(await page.locator(".facts dd").allTextContents()).toEqual(["12", "0", "0", "1"]);
    await press("Restore");
    await done("Restored.");
    await page.getByText("Department 12").waitFor();
    await page.goto(`${url}/ingest/backups`);
    await page.getByRole("link", { name: /^Delete departments/ }).click();
    await press("Delete");
    await done("Deleted.");
    expect(await page.locator("tbody tr").count()).toBe(1);
  });

  it("make a set, count what its restore would change, restore it, and upload a backup, without JavaScript", async () => {
    await using opened = await visit("/ingest/backups", { javaScriptEnabled: false });
    const { page, complaints, press, follow, done } = opened;
    await follow("Make a backup");
    await page.getByLabel("Table").selectOption("All tables, as one set");
    await press("Make the backup");
    await done("Added.");
    await ingest.rows("UPDATE departments SET department = 'Other' WHERE id = 12");
    await page
      .getByRole("link", { name: /^Restore all/ })
      .first()
      .click();
    await follow("Count what would change");
    await press("Count");
    const cells = page.getByRole("row").filter({ hasText: "departments" }).locator("td");
    expect((await cells.allTextContents()).map((text) => text.trim().split(" ").at(-1))).toEqual(["12", "0", "0", "1"]);
    await press("Restore");
    await done("Restored.");
    expect(await ingest.rows("SELECT 1 FROM departments WHERE department = 'Other'")).toEqual([]);
    await page.goto(`${url}/ingest/backups?table=departments`);
    const file = await page.request.get(url + (await page.locator("tbody a[download]").first().getAttribute("href")));
    const before = await page.locator("tbody tr").count();
    await follow("Upload a backup");
    await page.getByLabel("Table").selectOption("jobs");
    const avro = { name: "a.avro", mimeType: "application/avro", buffer: await file.body() };
    await page.locator("#file").setInputFiles(avro);
    await press("Upload");
    await page.getByRole("alert").getByText("does not fit jobs").waitFor();
    complaints.length = 0; // The browser reports the 422 as an error.
    await page.getByLabel("Table").selectOption("departments");
    await page.locator("#file").setInputFiles(avro);
    await press("Upload");
    await done("Added.");
    await page.getByLabel("Table").selectOption("departments");
    await press("Show");
    expect(await page.locator("tbody tr").count()).toBe(before + 1);
  });

  it("show loads by table, state, account and time", async () => {
    await using opened = await visit("/ingest/loads", { javaScriptEnabled: false });
    const { page, press } = opened;
    await page.getByLabel("Table").selectOption("departments");
    await page.getByLabel("State").selectOption("done");
    await page.getByLabel("Account").fill("staff");
    await page.getByLabel("From").fill("2021-01-01");
    await press("Show");
    expect(await page.locator("tbody th").allTextContents()).toEqual(["Load 1"]);
    await page.getByLabel("Before").fill("2021-01-01");
    await press("Show");
    await page.getByText("There are no such loads.").waitFor();
  });

  it("show reports, run them by a form, and name a wrong parameter", async () => {
    await using opened = await visit("/ingest/reports", { javaScriptEnabled: false });
    const { page, complaints, press, follow } = opened;
    await follow("departments-above-mean");
    await page.getByLabel("year").fill("2021x");
    await press("Show");
    await page.getByRole("alert").getByText("year").waitFor();
    complaints.length = 0; // The browser reports the 400 as an error.
    await page.getByLabel("year").fill("2021");
    await press("Show");
    await page.getByText("mean", { exact: true }).waitFor();
    expect(await page.locator("tbody tr svg rect").count()).toBeGreaterThan(0);
  });

  it("show a plain account everything, and no way to change it", async () => {
    await using opened = await visit("/ingest", { as: "plain" });
    const { page, complaints } = opened;
    for (const path of ["/ingest", "/ingest/loads/3", "/ingest/jobs", "/ingest/backups"]) {
      await page.goto(url + path);
      expect(await page.locator("main h1").count()).toBe(1);
      expect(await page.locator("main .button:not(.quiet), main .danger").count(), path).toBe(0);
    }
    await page.goto(`${url}/ingest/backups/actions/new`);
    await page.getByText("403").waitFor();
    complaints.length = 0; // The browser reports the 403 as an error.
  });

  it.each([
    "/ingest",
    "/ingest/loads",
    "/ingest/loads/3",
    "/ingest/loads/3/rejects",
    "/ingest/loads/3/actions/retry",
    "/ingest/hired_employees?filter=id%3C9",
    "/ingest/backups",
    "/ingest/backups/actions/new",
    "/ingest/backups/actions/upload",
    "/ingest/new-load",
    "/ingest/new-table",
    "/ingest/reports/hired-by-quarter?year=2021",
  ])("fit 390 and 1100 pixels in both colours, and axe finds nothing: %s", async (path) => {
    await using opened = await visit(path);
    const { page } = opened;
    expect(await page.locator("main h1").count()).toBe(1);
    for (const [colorScheme, width] of [
      ["light", 1100],
      ["dark", 390],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      expect(await overflow(page)).toBe(0);
      // Rows are alike, and axe looks at each.
      await page.evaluate("document.querySelectorAll('tbody tr:nth-child(n+30)').forEach((row) => row.remove())");
      expect(await axeFaults(page)).toEqual([]);
    }
  });
});
