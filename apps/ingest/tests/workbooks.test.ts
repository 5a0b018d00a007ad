import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ZipFile } from "yazl";
import type { Load } from "../src/loads/load.ts";
import { dateText, numberText } from "../src/upload/cell-format.ts";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
  const schema = {
    fields: [
      { name: "id", type: "integer", constraints: { required: true } },
      { name: "name", type: "string" },
      { name: "price", type: "number" },
      { name: "day", type: "date" },
      { name: "at", type: "datetime" },
      { name: "active", type: "boolean" },
    ],
    primaryKey: "id",
  };
  expect((await ingest.call("PUT", "/ingest/tables/items", { json: schema })).status).toBe(201);
});
afterAll(() => ingest[Symbol.asyncDispose]());

const xlsx = { "Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" };
const post = (body: Buffer, query = "", headers = {}) =>
  ingest.call("POST", `/ingest/items/csv${query}`, { body, headers: { ...xlsx, ...headers } });

/** A workbook of these sheets; strings and styles as Excel writes them. */
async function workbook(sheets: Record<string, string>, strings: string[] = [], properties = ""): Promise<Buffer> {
  const made = new ZipFile();
  const add = (name: string, text: string) =>
    made.addBuffer(Buffer.from(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${text}`), name);
  const names = Object.keys(sheets);
  const rel = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${type}" Target="${target}"/>`;
  add("[Content_Types].xml", "<Types/>");
  add(
    "xl/workbook.xml",
    `<workbook xmlns:r="r">${properties}<sheets>${names.map((name, n) => `<sheet name="${name}" sheetId="${n + 1}" r:id="rId${n + 1}"/>`).join("")}</sheets></workbook>`,
  );
  add(
    "xl/_rels/workbook.xml.rels",
    `<Relationships>${names.map((_, n) => rel(`rId${n + 1}`, "worksheet", `worksheets/sheet${n + 1}.xml`)).join("")}${rel("s", "sharedStrings", "/xl/sharedStrings.xml")}${rel("t", "styles", "styles.xml")}</Relationships>`,
  );
  add("xl/sharedStrings.xml", `<sst>${strings.map((text) => `<si>${text}</si>`).join("")}</sst>`);
  add(
    "xl/styles.xml",
    '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[$-409]dd\\ mmm;@"/></numFmts><cellStyleXfs><xf numFmtId="22"/></cellStyleXfs>' +
      '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="164"/></cellXfs></styleSheet>',
  );
  for (const [n, rows] of Object.values(sheets).entries()) {
    add(`xl/worksheets/sheet${n + 1}.xml`, `<worksheet><sheetData>${rows}</sheetData></worksheet>`);
  }
  made.end();
  return buffer(made.outputStream);
}

const header = ["id", "name", "price", "day", "at", "active"]
  .map((name, n) => `<c r="${"ABCDEF"[n]}3" t="inlineStr"><is><t>${name}</t></is></c>`)
  .join("");

describe("an Excel workbook", () => {
  it("is loaded: shared and rich texts, numbers, dates, formulas, empty cells, and rows by their numbers", async () => {
    const rows =
      `<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="3">${header}</row>` +
      '<row r="4"><c r="A4"><v>1</v></c><c r="B4" t="s"><v>1</v></c><c r="C4"><v>1.1000000000000001</v></c><c r="D4" s="1"><v>44230</v></c>' +
      '<c r="E4" s="2"><v>44230.5</v></c><c r="F4" t="b"><v>1</v></c></row>' +
      '<row r="6"><c r="A6"><f>A4+1</f><v>2</v></c><c r="B6" t="str"><f>X</f><v>a;"b",_x000a_c</v></c><c r="D6" s="3"><v>44231</v></c></row>' +
      '<row r="8"><c r="A8" t="e"><v>#N/A</v></c></row>';
    const strings = [
      "<t>Items of 2021</t>",
      '<r><t>Ana &amp; </t></r><r><t xml:space="preserve">Bo </t></r><rPh><t>x</t></rPh>',
    ];
    const sent = await workbook({ Items: rows }, strings);
    const response = await post(sent, "?defaultZone=UTC", { "Idempotency-Key": "book" });
    const load = (await response.json()) as Load;
    expect(load).toMatchObject({ format: "xlsx", status: "done", received: 3, inserted: 2, rejected: 1 });
    const stored = await ingest.rows(
      "SELECT id, name, CAST(price AS CHAR) AS price, CAST(day AS CHAR) AS day, CAST(at AS CHAR) AS at, active + 0 AS active FROM items ORDER BY id",
    );
    expect(stored).toMatchObject([
      {
        id: 1,
        name: "Ana & Bo ",
        price: "1.100000000000",
        day: "2021-02-03",
        at: "2021-02-03 12:00:00.000000",
        active: 1,
      },
      { id: 2, name: 'a;"b",\nc', price: null, day: "2021-02-04", at: null, active: null },
    ]);
    const file = await (await ingest.call("GET", `${load.rejectsUrl}?format=file`)).text();
    expect(file).toMatch(/^_line,_column,_reason,id,name,price,day,at,active\r\n9,id,[^\n]*,#N\/A,,,,,\r\n$/);
    expect(
      (await post(sent, "?defaultZone=UTC", { "Idempotency-Key": "book" })).headers.get("idempotency-replayed"),
    ).toBe("true");
  });

  it("is read from the sheet that is named or numbered", async () => {
    const row = (id: number) => `<row r="1"><c r="A1"><v>${id}</v></c><c r="F1" t="b"><v>0</v></c></row>`;
    const sent = await workbook({ First: row(11), Second: row(12) });
    for (const [query, id] of [
      ["", 11],
      ["?sheet=second", 12],
      ["?sheet=2&mode=upsert", 12],
    ] as const) {
      expect(await (await post(sent, query)).json(), query).toMatchObject({ received: 1, rejected: 0 });
      expect(await ingest.rows("SELECT id FROM items WHERE id = ?", [id])).toHaveLength(1);
    }
    const days = '<row r="1"><c r="A1"><v>13</v></c><c r="D1" s="1"><v>0</v></c><c r="F1" t="b"><v>0</v></c></row>';
    const from1904 = await workbook({ Days: days }, [], '<workbookPr date1904="1"/>');
    expect(await (await post(from1904)).json()).toMatchObject({ inserted: 1 });
    expect(await ingest.rows("SELECT CAST(day AS CHAR) AS day FROM items WHERE id = 13")).toEqual([
      { day: "1904-01-01" },
    ]);
    const none = await problemOf(await post(sent, "?sheet=Third"), 422);
    expect(none).toMatchObject({ errors: [{ path: "sheet", message: expect.stringContaining("First, Second") }] });
  });

  it("is refused when it is damaged, old, or has a formula without a result", async () => {
    const open = '<row r="1"><c r="A1"><v>1</v></c></row><row>';
    expect((await problemOf(await post(await workbook({ A: open })), 400)).detail).toMatch(/damaged/);
    const order = '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>';
    expect((await problemOf(await post(await workbook({ A: order })), 400)).detail).toMatch(/damaged/);
    const string = '<row r="1"><c r="A1" t="s"><v>7</v></c></row>';
    expect((await problemOf(await post(await workbook({ A: string })), 400)).detail).toMatch(/damaged/);
    const formula = '<row r="1"><c r="A1"><f>1+1</f></c></row>';
    expect((await problemOf(await post(await workbook({ A: formula })), 422)).detail).toMatch(/Row 1 has a formula/);
    const old = Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
    expect((await problemOf(await post(old), 415)).detail).toMatch(/as \.xlsx without a password/);
  });

  it("has numbers and days as they are meant", () => {
    expect(["19.989999999999998", "1E-3", "12345678901234567890", "0.10000000000000000001"].map(numberText)).toEqual([
      ...["19.99", "0.001", "12345678901234567890", "0.10000000000000000001"],
    ]);
    expect(["1", "59", "60", "61"].map((day) => dateText(day, "date", false))).toEqual([
      ...["1900-01-01", "1900-02-28", "1900-02-29", "1900-03-01"],
    ]);
    expect(dateText("0", "date", true)).toBe("1904-01-01");
    expect(dateText("0.75", "time", false)).toBe("18:00:00");
    expect(dateText("1.5", "elapsed", false)).toBe("36:00:00");
    expect(dateText("44230.123456", "datetime", false)).toBe("2021-02-03T02:57:46.598");
  });
});
