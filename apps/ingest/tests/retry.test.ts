import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encoder } from "../src/csv/encode-text.ts";
import { Transcoder } from "../src/csv/encoding.ts";
import type { Load } from "../src/loads/load.ts";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
  const schema = {
    fields: [
      { name: "id", type: "integer", constraints: { required: true } },
      { name: "Año", type: "date", constraints: { required: true } },
      { name: "name", type: "string", constraints: { required: true, maxLength: 40 } },
      { name: "price", type: "number" },
    ],
    primaryKey: "id",
  };
  expect((await ingest.call("PUT", "/ingest/tables/sales", { json: schema })).status).toBe(201);
});
afterAll(() => ingest[Symbol.asyncDispose]());

const rejectedRows = async (load: Load): Promise<Buffer> => {
  const response = await ingest.call("GET", `${load.rejectsUrl}?format=file`);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
};
const send = (path: string, body: string | Buffer, headers = {}) =>
  ingest.call("POST", path, { body, headers: { "Content-Type": "text/csv", ...headers } });
const retry = async (load: Load, body: string | Buffer, query = ""): Promise<Load> => {
  const response = await send(`/ingest/loads/${load.id}/retry${query}`, body);
  if (response.status !== 200) throw new Error(await response.text());
  return (await response.json()) as Load;
};
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");
const latin1 = (text: string) => Buffer.from(text, "latin1");

/** A file in some dialect with the rows 2 and 3 rejected, its rejected rows as a file, and that once mended. */
const dialects: [string, Buffer | string, string, (text: string) => Buffer][] = [
  [
    "RFC 4180, with a header in another order",
    'name,id,price,Año\r\n"Ada, L.",1,1.5,2021-01-02\r\n"Bo ""B"" b",x,2.5,2021-01-02\r\n"two\r\nlines",3,2.5,2021-02-30\r\n',
    '_line,_column,_reason,name,id,price,Año\r\n3,id,must be a whole number,"Bo ""B"" b",x,2.5,2021-01-02\r\n4,Año,is not an existing date,"two\r\nlines",3,2.5,2021-02-30\r\n',
    (text) => Buffer.from(text),
  ],
  [
    "semicolons and Windows-1252, as Excel writes it",
    latin1("id;Año;name;price\r\n1;02/01/2021;Ñandú;1,5\r\nx;02/01/2021;Ñ2;2,5\r\n3;31/02/2021;Ñ3;\r\n"),
    "_line;_column;_reason;id;Año;name;price\r\n3;id;must be a whole number;x;02/01/2021;Ñ2;2,5\r\n4;Año;is not an existing date;3;31/02/2021;Ñ3;\r\n",
    latin1,
  ],
  [
    "tabs in UTF-16 without quotes and without a header",
    utf16("1\t2021-01-02\tÑandú\t1.5\nx\t2021-01-02\tÑ2\t2.5\n3\t2021-02-30\tÑ3\t\n"),
    "\ufeff_line\t_column\t_reason\tid\tAño\tname\tprice\n2\tid\tmust be a whole number\tx\t2021-01-02\tÑ2\t2.5\n3\tAño\tis not an existing date\t3\t2021-02-30\tÑ3\t\n",
    (text) => Buffer.from(text, "utf16le"),
  ],
];
const queries = ["", "?encoding=windows-1252&decimal=,&dateFormat=%25d/%25m/%25Y", "?header=false"];

describe("rejected rows as a file", () => {
  it.each(dialects.map((dialect, at) => [...dialect, queries[at]!] as const))(
    "are sent back mended: %s",
    async (_, file, expected, encode, query) => {
      await ingest.rows("DELETE FROM sales");
      const load = await ingest.load("sales", Buffer.from(file), query);
      expect(load).toMatchObject({ inserted: 1, rejected: 2 });
      const got = await rejectedRows(load);
      // The reasons are for people, and may be worded in another way.
      const plain = (bytes: Buffer) =>
        bytes.toString("latin1").replaceAll(/must be a whole number|is not an existing date/g, "");
      const reasons = (
        await ingest.rows("SELECT reason FROM ingest_rejects WHERE load_id = ? ORDER BY line", [load.id])
      ).map(({ reason }) => String(reason));
      const [first, second] = ["must be a whole number", "is not an existing date"];
      const wanted = expected
        .replace(first!, quote(reasons[0]!, expected))
        .replace(second!, quote(reasons[1]!, expected));
      expect(got.equals(encode(wanted)), `${plain(got)}\n${plain(encode(wanted))}`).toBe(true);

      // As it is, it is rejected again.
      const again = await retry(load, got);
      expect(again).toMatchObject({ table: "sales", mode: "insert", retryOf: load.id, received: 2, rejected: 2 });
      expect((await rejectedRows(again)).length).toBe(got.length);
      const mended = encode(
        wanted
          .replace(/([\n,;\t])x([,;\t])/, "$12$2")
          .replace("2021-02-30", "2021-02-28")
          .replace("31/02", "28/02"),
      );
      const done = await retry(again, mended, "?maxRejects=0");
      expect(done).toMatchObject({ retryOf: again.id, received: 2, inserted: 2, rejected: 0 });
      const rows = await ingest.rows("SELECT id, CAST(`Año` AS CHAR) AS at, name FROM sales ORDER BY id");
      expect(rows.map(({ id, at }) => `${id} ${at}`)).toEqual(["1 2021-01-02", "2 2021-01-02", "3 2021-02-28"]);
      const { loads } = (await (await ingest.call("GET", `/ingest/loads?retryOf=${load.id}`)).json()) as {
        loads: Load[];
      };
      expect(loads).toEqual([again]);
    },
  );

  it("are not cut short: a row that is too long to be kept is rejected again", async () => {
    const long = "x".repeat(70_000);
    const load = await ingest.load("sales", `id,Año,price,name\n8001,2021-01-02,1,a\n8002,2021-01-02,1,${long}\n`);
    expect(load).toMatchObject({ inserted: 1, rejected: 1 });
    const file = await rejectedRows(load);
    expect(file.toString()).toContain("\n3,name,is longer than 40 characters; the row is not kept here");
    expect(file.toString()).not.toContain("8002");
    expect(await retry(load, file)).toMatchObject({ inserted: 0, rejected: 1 });
  });

  it("keep broken rows, whose quotes must be mended", async () => {
    const load = await ingest.load(
      "sales",
      'id,Año,name,price\n5,2021-01-02,"a"b,1\n6,2021-01-02,c\n7,2021-01-02,ok,1\n',
    );
    const text = (await rejectedRows(load)).toString();
    expect(text.split("\n").map((line) => line.slice(0, 2))).toEqual(["_l", "2,", "3,", ""]);
    const mended = text.replace('"a"b', "ab").replace(",c\n", ",c,2\n");
    expect(await retry(load, mended)).toMatchObject({ inserted: 2, rejected: 0 });
  });

  it("are read as the whole file was, also where they alone could be read in two ways", async () => {
    const file = "id,Año,name,price\n9001,25/12/2021,a,1\n9002,03/04/2021,,1\n9003,26/12/2021,b,1\n";
    const load = await ingest.load("sales", file);
    expect(load).toMatchObject({ inserted: 2, rejected: 1 });
    const text = (await rejectedRows(load)).toString();
    expect(await retry(load, text.replace("03/04/2021,,", "03/04/2021,c,"))).toMatchObject({ inserted: 1 });
    const [row] = await ingest.rows("SELECT CAST(`Año` AS CHAR) AS day FROM sales WHERE id = 9002");
    expect(row).toEqual({ day: "2021-04-03" });
  });

  it("of replace are inserted, of merge and upsert are upserted", async () => {
    for (const [mode, becomes] of [
      ["replace", "insert"],
      ["merge", "upsert"],
      ["upsert", "upsert"],
    ]) {
      const load = await ingest.load("sales", "1,2021-01-02,a,1\nx,2021-01-02,b,1\n", `?mode=${mode}&maxRejects=1`);
      const mended = (await rejectedRows(load)).toString().replace(",x,", ",2,");
      const done = await retry(load, mended);
      expect(done).toMatchObject({ mode: becomes, rejected: 0 });
      expect(await ingest.rows("SELECT id, name FROM sales WHERE id < 3")).toEqual([
        { id: 1, name: "a" },
        { id: 2, name: "b" },
      ]);
      expect((await ingest.call("DELETE", `/ingest/loads/${done.id}?undo=true`)).status).toBe(200);
    }
  });

  it("are loaded once by an Idempotency-Key, by staff, and only when the load is stored", async () => {
    const load = await ingest.load("sales", "21,2021-01-02,a,1\nx,2021-01-02,b,1\n");
    const mended = (await rejectedRows(load)).toString().replace(",x,", ",22,");
    const path = `/ingest/loads/${load.id}/retry`;
    const key = { "Idempotency-Key": "again" };
    const first = await (await send(path, mended, key)).json();
    const second = await send(path, mended, key);
    expect([second.headers.get("idempotency-replayed"), await second.json()]).toEqual(["true", first]);
    await problemOf(
      await ingest.call("POST", path, {
        body: mended,
        headers: { "Content-Type": "text/csv" },
        by: ingest.people.plain.bearer,
      }),
      403,
    );
    await problemOf(await send("/ingest/loads/99999/retry", mended), 404);
    expect((await problemOf(await send(path, "id,name\n1,a\n"), 422)).detail).toContain("Año is missing");
    const dry = await ingest.load("sales", "x,2021-01-02,b,1\n", "?dryRun=true");
    expect((await problemOf(await send(`/ingest/loads/${dry.id}/retry`, mended), 409)).detail).toContain("dry run");
    await ingest.call("DELETE", `/ingest/loads/${load.id}?undo=true`);
    expect((await problemOf(await send(path, mended), 409)).detail).toContain("undone");
    await ingest.rows("UPDATE ingest_loads SET state = NULL WHERE id = ?", [load.id]);
    expect((await problemOf(await ingest.call("GET", `${load.rejectsUrl}?format=file`), 409)).detail).toContain(
      "earlier",
    );
  });
});

describe("a dry run", () => {
  it.each(["insert", "upsert", "replace", "merge"])("tells what would be different: %s", async (mode) => {
    await ingest.rows("DELETE FROM sales");
    const line = (id: number, name: string) => `${id},2021-01-02,${name},1\n`;
    const lines = (from: number, to: number, name: string) =>
      Array.from({ length: to - from + 1 }, (_, at) => line(from + at, name)).join("");
    await ingest.load("sales", lines(1, 120, "a"));
    const isInsert = mode === "insert";
    const file = lines(51, 60, "a") + lines(61, 121, "b") + lines(122, 123, "c");
    const before = await ingest.rows("SELECT * FROM sales");
    const dry = await ingest.load("sales", file, `?mode=${mode}&dryRun=true&maxRejects=100%`);
    expect(await ingest.rows("SELECT * FROM sales")).toEqual(before);
    const { rows = [], ...counts } = dry.differences ?? {};
    const deleted = mode === "replace" || mode === "merge" ? 50 : 0;
    expect(counts).toEqual({ added: 3, changed: isInsert ? 0 : 60, deleted });
    expect(rows).toHaveLength(isInsert ? 3 : Math.min(100, 63 + deleted));
    const of = (kind: string) => rows.filter((row) => row.kind === kind);
    expect(of("added").map(({ key }) => key)).toEqual([{ id: "121" }, { id: "122" }, { id: "123" }]);
    const all = { id: "122", Año: "2021-01-02", name: "c" };
    expect(of("added")[1]).toMatchObject({ old: null, new: all });
    if (!isInsert) {
      expect(of("changed")[0]).toEqual({ kind: "changed", key: { id: "61" }, old: { name: "a" }, new: { name: "b" } });
    }
    if (deleted > 0) expect(of("deleted")[0]).toMatchObject({ key: { id: "1" }, new: null, old: { name: "a" } });
    const got = (await (await ingest.call("GET", `/ingest/loads/${dry.id}`)).json()) as Load;
    expect(got.differences).toEqual(dry.differences);
    const wet = await ingest.load("sales", file, `?mode=${mode}&maxRejects=100%`);
    expect(wet.differences).toBe(null);
    const now = await ingest.rows("SELECT COUNT(*) AS n, SUM(name = 'b') AS b FROM sales");
    expect(now).toEqual([{ n: 123 - deleted, b: isInsert ? 1 : 61 }]);
  });
});

/** A text as a field of the file. */
function quote(text: string, file: string): string {
  const delimiter = /_line(.)/.exec(file)![1]!;
  return text.includes(delimiter) ? `"${text}"` : text;
}

describe("texts in other encodings", () => {
  it.each([
    "windows-1252",
    "iso-8859-2",
    "koi8-r",
    "shift_jis",
    "euc-jp",
    "gbk",
    "big5",
    "euc-kr",
    "utf-16le",
    "utf-16be",
  ])("are written as they were read: %s", (encoding) => {
    const bytes = Buffer.from(Array.from({ length: 4000 }, (_, at) => (at * 7919 + (at >> 3)) % 256));
    const strict = new TextDecoder(encoding, { fatal: true });
    const samples = Array.from({ length: 1900 }, (_, at) => bytes.subarray(at, at + 2)).filter((some) => {
      try {
        return strict.decode(some).length > 0;
      } catch {
        return false;
      }
    });
    expect(samples.length).toBeGreaterThan(20);
    const text = Buffer.concat(samples.map((some) => new Transcoder(encoding).push(some, true)));
    const written = encoder(encoding)(text);
    // Some encodings have two ways to write a character: what counts is that the text is the same.
    expect(new Transcoder(encoding).push(written, true).equals(text)).toBe(true);
  });

  it("have characters of four bytes as they were", () => {
    const text = Buffer.from("é㐀ḿ\u0080\uffe6😀\u{10ffff}中");
    const written = encoder("gb18030")(text);
    expect(written.subarray(2, 6).toString("hex")).toBe("8139ee39");
    expect(new Transcoder("gb18030").push(written, true).toString()).toBe(text.toString());
    expect(encoder("gbk")(text)).toEqual(written);
  });

  it("have bytes that are no character as they were", () => {
    const bytes = Buffer.from([0x61, 0x81, 0xff, 0x62]);
    for (const encoding of ["windows-1253", "koi8-u"]) {
      expect(encoder(encoding)(new Transcoder(encoding).push(bytes, true))).toEqual(bytes);
    }
  });
});
