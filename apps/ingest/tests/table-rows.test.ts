import { afterAll, beforeAll, expect, it } from "vitest";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
  await ingest.call("PUT", "/ingest/tables/stock", { json: stock });
});
afterAll(() => ingest[Symbol.asyncDispose]());

const stock = {
  fields: [
    { name: "Land", constraints: { maxLength: 40 } },
    { name: "code", type: "integer" },
    { name: "amount", type: "number", precision: 30, scale: 10 },
    { name: "ok", type: "boolean" },
    { name: "day", type: "date" },
    { name: "hour", type: "time" },
    { name: "at", type: "datetime" },
    { name: "local", type: "datetime", zoned: false },
    { name: "uid", type: "uuid" },
    { name: "more", type: "json" },
    { name: "note=<", type: "string" },
  ],
  primaryKey: ["Land", "code"],
  missingValues: ["", "n/a"],
};
const header = "Land,code,amount,ok,day,hour,at,local,uid,more,note=<";
const uid = "0b0e6d00-0000-4000-8000-000000000001";
const full = `CO,9223372036854775807,12345678901234567890.0123456789,true,2021-04-03,23:59:59.500,2021-01-01T05:00:00Z,2021-01-01T00:00:00.000001,${uid}`;
const lines = [
  `${full},"{""n"":1.10,""big"":12345678901234567890}","=1+1, ""x"""`,
  "CO,-3,-0.5,false,,,,,,,-5",
  "Ñ ',2,1.5,,,,,,,,line\\end",
  ...Array.from({ length: 30 }, (_, at) => `x${String(at).padStart(2, "0")},${at},${at}.25,,,,,,,,`),
];

interface Page {
  rows: Record<string, unknown>[];
  nextCursor: string | null;
}
const list = async (query: string) => (await (await ingest.call("GET", `/ingest/stock?${query}`)).json()) as Page;
const filtered = (...filters: string[]) =>
  new URLSearchParams(filters.map((filter): [string, string] => ["filter", filter])).toString();
const text = async (query: string, accept = "*/*") =>
  (await ingest.call("GET", `/ingest/stock?${query}`, { headers: { Accept: accept } })).text();

it("rows of any key are paged, filtered and exported, and an export is the same rows when it is loaded", async () => {
  expect(await ingest.load("stock", `${header}\n${lines.join("\n")}\n`)).toMatchObject({ inserted: 33, rejected: 0 });
  const rows: Record<string, unknown>[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = await list(`limit=7${cursor === "" ? "" : `&cursor=${cursor}`}`);
    rows.push(...page.rows);
    cursor = page.nextCursor;
  }
  expect(rows).toHaveLength(33);
  expect(rows[0]).toMatchObject({ Land: "CO", code: -3, amount: -0.5, ok: false, day: null, "note=<": "-5" });
  expect(rows[1]).toEqual({
    Land: "CO",
    code: "9223372036854775807",
    amount: "12345678901234567890.0123456789",
    ok: true,
    day: "2021-04-03",
    hour: "23:59:59.500",
    at: "2021-01-01T05:00:00Z",
    local: "2021-01-01T00:00:00.000001",
    uid,
    more: { n: 1.1, big: 12345678901234567e3 },
    "note=<": '=1+1, "x"',
  });
  expect(rows.map(({ Land, code }) => `${Land} ${code}`)).toEqual(
    (await ingest.rows("SELECT CONCAT(`Land`, ' ', code) AS k FROM stock ORDER BY `Land`, code")).map(({ k }) => k),
  );

  const csv = await text("format=csv&formulas=keep");
  expect(csv.split("\r\n").slice(0, 3)).toEqual([header, lines[1], lines[0]]);
  expect(await ingest.load("stock", csv, "?mode=replace")).toMatchObject({ received: 33, rejected: 0, deleted: 0 });
  expect(await text("format=csv&formulas=keep")).toBe(csv);
  expect(await text(filtered("code=-3"), "text/csv")).toBe(`${header}\r\n${lines[1]?.replace(/-5$/, "'-5")}\r\n`);
  const ndjson = (await text("", "application/x-ndjson")).trimEnd().split("\n");
  expect(ndjson.map((line) => JSON.parse(line) as unknown)).toEqual(rows);
  expect(ndjson[1]).toContain('"more":{"n":1.10,"big":12345678901234567890}');
});

it("an export as Avro is a backup", async () => {
  const exported = await ingest.call("GET", `/ingest/stock?${filtered("code>=0")}`, {
    headers: { Accept: "application/avro" },
  });
  expect(exported.headers.get("content-type")).toBe("application/avro");
  const body = Buffer.from(await exported.arrayBuffer());
  const before = await text(`format=csv&formulas=keep&${filtered("code>=0")}`);
  const sent = await ingest.call("POST", "/ingest/stock/backups", {
    body,
    headers: { "Content-Type": "application/avro" },
  });
  expect(sent.status, await sent.clone().text()).toBe(201);
  expect((await ingest.call("POST", "/ingest/stock/restore", { json: {} })).status).toBe(200);
  expect(await text("format=csv&formulas=keep")).toBe(before);
  await ingest.load("stock", `${header}\n${lines.join("\n")}\n`, "?mode=replace");
});

it.each<[string[], number]>([
  [["Land=CO"], 2],
  [["Land=co"], 0],
  [["Land=CO", "code<0"], 1],
  [["code=9223372036854775807"], 1],
  [["code>9223372036854775806"], 1],
  [["amount=12345678901234567890.0123456789"], 1],
  [["amount<=-0.5"], 1],
  [["ok=no"], 1],
  [["ok="], 31],
  [["ok!="], 2],
  [["ok!=true"], 32],
  [["day=2021-04-03"], 1],
  [["hour>23:59:59"], 1],
  [["at=2021-01-01 00:00:00-05"], 1],
  [["local>2021-01-01T00:00:00"], 1],
  [[`uid=${uid.toUpperCase()}`], 1],
  [['more*="n"'], 1],
  [["note=<=-5"], 1],
  [["note=<*=\\e"], 1],
  [["note=<*='"], 0],
  [["Land*=x1", "code>=15"], 5],
])("%j", async (filters, count) => {
  expect((await list(`limit=100&${filtered(...filters)}`)).rows).toHaveLength(count);
  expect((await text(`format=ndjson&${filtered(...filters)}`)).split("\n")).toHaveLength(count + 1);
});

it.each(["Lan=CO", "nothing", "code=many", "code<", "code*=1", "at=2021-01-01T00:00:00", "amount=1.00000000001"])(
  "a filter is refused with its reason: %s",
  async (filter) => {
    const { errors } = await problemOf(await ingest.call("GET", `/ingest/stock?${filtered(filter)}`), 400);
    expect(errors?.[0]?.path).toBe("filter");
  },
);

it("an export takes no page, and a cursor of another table is refused", async () => {
  await problemOf(await ingest.call("GET", "/ingest/stock?format=csv&limit=5"), 400);
  await ingest.load("jobs", "1,a\n2,b\n");
  const { nextCursor } = (await (await ingest.call("GET", "/ingest/jobs?limit=1")).json()) as Page;
  await problemOf(await ingest.call("GET", `/ingest/stock?cursor=${nextCursor}`), 400);
});

it("a saved dialect is how files are read and exports are written", async () => {
  const schema = {
    fields: [
      { name: "id", type: "integer" },
      { name: "precio", type: "number", precision: 12, scale: 2 },
      { name: "activo", type: "boolean" },
      { name: "fecha", type: "date" },
      { name: "nota" },
    ],
    primaryKey: "id",
    dialect: { delimiter: ";", decimal: ",", dateFormat: "%d/%m/%Y", trueValues: ["sí"], falseValues: ["no"] },
  };
  expect((await ingest.call("PUT", "/ingest/tables/precios", { json: schema })).status).toBe(201);
  const file = 'id;precio;activo;fecha;nota\n1;1234,5;sí;03/04/2021;"a;b, c"\n2;-0,25;no;;\n3;1.5;sí;;\n';
  const load = await ingest.load("precios", file);
  expect(load).toMatchObject({ inserted: 2, rejected: 1, dialect: { delimiter: ";", decimal: "," } });
  const csv = await (await ingest.call("GET", "/ingest/precios?format=csv")).text();
  expect(csv).toBe('id;precio;activo;fecha;nota\r\n1;1234,5;sí;2021-04-03;"a;b, c"\r\n2;-0,25;no;;\r\n');
  expect(await ingest.load("precios", csv, "?mode=replace")).toMatchObject({ received: 2, deleted: 0, rejected: 0 });
  expect(await (await ingest.call("GET", "/ingest/precios?format=csv")).text()).toBe(csv);
  const comma = await ingest.load("precios", "4,-1.5,no,2021-04-03,x\n", "?delimiter=,&decimal=.&header=false");
  expect(comma).toMatchObject({ inserted: 1, dialect: { delimiter: ",", decimal: "." } });
});
