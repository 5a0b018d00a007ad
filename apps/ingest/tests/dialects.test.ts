import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest({ batchRows: 2 });
});
afterAll(() => ingest[Symbol.asyncDispose]());

const orders = {
  fields: [
    { name: "id", type: "integer" },
    { name: "name", constraints: { maxLength: 40 } },
    { name: "amount", type: "number", default: "0" },
    { name: "day", type: "date" },
    { name: "at", type: "datetime" },
  ],
  primaryKey: "id",
};
let made = 0;
/** A new table of orders; returns its name. */
async function table(more: object = {}): Promise<string> {
  const name = `orders_${++made}`;
  const response = await ingest.call("PUT", `/ingest/tables/${name}`, { json: { ...orders, ...more } });
  expect(response.status).toBe(201);
  return name;
}
const send = (name: string, body: string | Buffer, query = "", headers: Record<string, string> = {}) =>
  ingest.call("POST", `/ingest/${name}/csv${query}`, { body, headers: { "Content-Type": "text/csv", ...headers } });
const rowsOf = (name: string) =>
  ingest.rows(
    `SELECT id, name, CAST(amount AS CHAR) AS amount, CAST(day AS CHAR) AS day, CAST(at AS CHAR) AS at FROM ${name} ORDER BY id`,
  );

describe("a load", () => {
  it("reads a file of Excel as it is, and says what it took it for", async () => {
    const name = await table();
    const file = Buffer.from(
      "id;name;amount;day;at\r\n1;M\xfcller;1.234,56;31.12.2021;01.02.2022 09:30\r\n2;Gr\xfcn;7;01.02.2022;\r\n3;Ot;0,5;;\r\n",
      "latin1",
    );
    const load = await ingest.load(name, file, "?defaultZone=Europe/Berlin");
    expect(load).toMatchObject({
      inserted: 3,
      rejected: 0,
      bytes: file.length,
      format: "csv",
      confidence: 0.8,
      dialect: {
        delimiter: ";",
        encoding: "windows-1252",
        header: true,
        decimal: ",",
        thousands: ".",
        dateFormat: "%d.%m.%Y",
        defaultZone: "Europe/Berlin",
        lineEnd: "crlf",
      },
      doubts: [
        expect.stringMatching(/windows-1252/),
        expect.stringMatching(/comma/),
        expect.stringMatching(/31.12.2021/),
      ],
    });
    expect(await rowsOf(name)).toMatchObject([
      { id: 1, name: "Müller", amount: "1234.560000000000", day: "2021-12-31", at: "2022-02-01 08:30:00.000000" },
      { id: 2, name: "Grün", amount: "7.000000000000", at: null },
      { id: 3, day: null },
    ]);
    const again = (await (await ingest.call("GET", `/ingest/loads/${load.id}`)).json()) as Load;
    expect(again.dialect).toEqual(load.dialect);
  });

  it("reads a word for no value so where it is none, and as a text in a column of texts", async () => {
    const name = await table();
    const file = "id,name,amount\n1,NA,NA\n2,Bo,2\n3,,3\n";
    const load = await ingest.load(name, file);
    expect(load).toMatchObject({ inserted: 3, rejected: 0, dialect: { missing: [""], missingTyped: ["NA"] } });
    expect(load.doubts).toEqual([
      expect.stringMatching(/^NA is read as no value, except in columns of text: missing=NA/),
    ]);
    expect(await rowsOf(name)).toMatchObject([{ name: "NA", amount: null }, { name: "Bo" }, { name: null }]);
    const everywhere = await ingest.load(name, file, "?mode=upsert&missing=NA");
    expect(everywhere).toMatchObject({ updated: 3, doubts: [] });
    expect(await rowsOf(name)).toMatchObject([{ name: null, amount: null }, { name: "Bo" }, { name: null }]);
  });

  it("takes the parameters before what is saved, and that before what the file looks like", async () => {
    const name = await table({ dialect: { delimiter: "|", dateFormat: "%m/%d/%Y", missing: ["-", ""] } });
    const file = (day: string, id: number) => `id|name|amount|day|at\n${id}|a;b|-|${day}|\n`;
    expect(await ingest.load(name, file("03/04/2021", 1))).toMatchObject({
      inserted: 1,
      dialect: { missing: ["-", ""] },
    });
    expect(await ingest.load(name, file("03/04/2021", 2), "?dateFormat=DD/MM/YYYY&missing=x")).toMatchObject({
      inserted: 1,
    });
    expect(await rowsOf(name)).toMatchObject([
      { amount: null, day: "2021-03-04" },
      { amount: null, day: "2021-04-03" },
    ]);
    const other = await problemOf(await send(name, "id;name\n3;x\n4;y\n5;z\n"), 422);
    expect(other.detail).toMatch(/delimiter=;/);
  });

  it.each([
    [
      "with the day or the month first",
      "id,day\n1,03/04/2021\n2,05/06/2021\n",
      "",
      "dateFormat",
      /%d\/%m\/%Y or dateFormat=%m\/%d/,
    ],
    [
      "without zones",
      "id,at\n1,2021-01-01 10:00\n2,2021-01-01 11:00\n3,2021-01-01 12:00\n",
      "",
      "defaultZone",
      /America/,
    ],
    ["of a thousand or a fraction", "id;amount\n1;1,234\n2;5,678\n", "", "decimal", /may be 1234 or 1.234/],
    ["of one column", "hello\nworld\nagain\n", "", "delimiter", /single column/],
    ["with other columns and no header", "1,2\n3,4\n5,6\n", "", "header", /2 columns and no header/],
    [
      "of Cyrillic",
      Buffer.from([0x31, 0x2c, 0xcc, 0xee, 0xf1, 0xea, 0xe2, 0xe0, 0x0a]),
      "",
      "encoding",
      /windows-1251/,
    ],
    ["with an unknown column", "id,nombre\n1,a\n", "", "nombre", /map=Name:column/],
    ["without a name of the map", "id,who\n1,a\n", "?map=nombre:name&extra=ignore", "name", /missing/],
    ["with a map and no header", "1,a,2,,\n", "?map=nombre:name", "map", /header/],
  ])("refuses a file %s in one sentence that says what to send", async (_, file, query, path, sentence) => {
    const problem = await problemOf(await send(await table(), file, query), 422);
    expect(problem.detail).toMatch(sentence);
    expect(problem.errors?.map((error) => error.path)).toContain(path);
    expect(problem).toMatchObject({ loadStatus: "failed", received: 0 });
  });

  it.each([
    ["delimiter", "%22"],
    ["delimiter", "x".repeat(9)],
    ["quote", "ab"],
    ["encoding", "klingon"],
    ["encoding", "replacement"],
    ["skip", "-1"],
    ["thousands", "x"],
    ["dateFormat", "%25H:%25M"],
    ["dateFormat", "%25Q"],
    ["defaultZone", "Nowhere/City"],
    ["map", "Fecha"],
    ["map", "Fecha:nothing"],
    ["map", "a:id,b:id"],
    ["map", "{]"],
    ["thousands", ".&decimal=."],
    ["quote", ";&delimiter=;"],
  ])("refuses %s=%s", async (parameter, value) => {
    const problem = await problemOf(await send("jobs", "1,a\n", `?${parameter}=${value}`), 400);
    expect(problem.errors?.map(({ path }) => path)).toContain(parameter);
  });

  it("assigns columns by a map, leaves out others when asked, and fills missing ones", async () => {
    const name = await table();
    const file = "Nr,Kunde,Farbe\n1,Ann,red\n2,Bo,blue\n";
    const map = "map=Nr:id,Kunde:name";
    const refused = await problemOf(await send(name, file, `?${map}`), 422);
    expect(refused.errors?.map(({ path }) => path)).toContain("Farbe");
    expect(await ingest.load(name, file, `?${map}&extra=ignore`)).toMatchObject({ inserted: 2, rejected: 0 });
    const json = encodeURIComponent(JSON.stringify({ "Last, first": "name", ID: "id" }));
    expect(await ingest.load(name, '"Last, first",ID\n"Lee, Cy",3\n', `?map=${json}`)).toMatchObject({ inserted: 1 });
    expect(await ingest.load(name, "4,Di,1.5,,,more\n5,Ed,,,,more\n", "?extra=ignore")).toMatchObject({ inserted: 2 });
    expect(await rowsOf(name)).toMatchObject([
      { id: 1, name: "Ann", amount: "0.000000000000", day: null },
      { id: 2, name: "Bo" },
      { id: 3, name: "Lee, Cy" },
      { id: 4, name: "Di", amount: "1.500000000000" },
      { id: 5, name: "Ed", amount: null },
    ]);
  });

  it("is resumed in the dialect in which it began, at its bytes", async () => {
    const name = await table();
    const line = (id: number) => `${id};L\xf6we ${id};${id},5\r\n`;
    const lines = Array.from({ length: 9 }, (_, at) => line(at + 1));
    const file = Buffer.from(`id;name;amount\r\n${lines.join("")}`, "latin1");
    const key = { "Idempotency-Key": "resumed-latin" };
    const stored = () => ingest.rows("SELECT id FROM ingest_loads WHERE received > 0");
    const before = (await stored()).length;
    const cut = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(file.subarray(0, file.length - 40));
        await expect.poll(stored).toHaveLength(before + 1);
        controller.error(new Error("gone"));
      },
    });
    const broken = await ingest.call("POST", `/ingest/${name}/csv`, {
      body: cut,
      headers: { "Content-Type": "text/csv", ...key },
    });
    expect(await broken.json()).toMatchObject({ loadStatus: "cut off" });
    const load = (await (await send(name, file, "", key)).json()) as Load;
    expect(load).toMatchObject({ status: "done", received: 9, inserted: 9, bytes: file.length });
    expect(load.dialect).toMatchObject({ encoding: "windows-1252", decimal: "," });
    expect((await rowsOf(name))[8]).toMatchObject({ name: "Löwe 9", amount: "9.500000000000" });
  });
});

describe("POST /ingest/infer", () => {
  it("proposes a table that can be made, and into which the file can be loaded", async () => {
    const file = Buffer.from("Nr;Kunde;Betrag;Tag\r\n7;Gr\xfcn;1.234,5;31.12.2021\r\n8;Ott;;01.01.2022\r\n", "latin1");
    const response = await ingest.call("POST", "/ingest/infer", {
      body: file,
      headers: { "Content-Type": "text/csv" },
    });
    expect(response.status).toBe(200);
    const { schema, columns, dialect } = (await response.json()) as {
      schema: object;
      columns: object[];
      dialect: object;
    };
    expect(dialect).toMatchObject({ delimiter: ";", encoding: "windows-1252", decimal: ",", dateFormat: "%d.%m.%Y" });
    expect(columns).toEqual([
      { name: "Nr", header: "Nr", type: "integer", examples: ["7", "8"], missing: 0 },
      { name: "Kunde", header: "Kunde", type: "string", examples: ["Grün", "Ott"], missing: 0 },
      { name: "Betrag", header: "Betrag", type: "number", examples: ["1.234,5"], missing: 1 },
      { name: "Tag", header: "Tag", type: "date", examples: ["31.12.2021", "01.01.2022"], missing: 0 },
    ]);
    expect(await ingest.rows("SHOW TABLES LIKE 'inferred'")).toEqual([]);
    expect((await ingest.call("PUT", "/ingest/tables/inferred", { json: schema })).status).toBe(201);
    expect(await ingest.load("inferred", file)).toMatchObject({ inserted: 2, rejected: 0 });
  });

  it("refuses what is not a file of rows", async () => {
    const problem = await problemOf(
      await ingest.call("POST", "/ingest/infer", { body: "%PDF-1.4\n", headers: { "Content-Type": "text/csv" } }),
      422,
    );
    expect(problem.detail).toMatch(/PDF/);
  });
});
