import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBulkStore } from "../src/store/bulk-store.ts";
import { departments, hires, jobs, openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest({ batchRows: 100 });
  await ingest.load("departments", departments);
  await ingest.load("jobs", jobs);
});
afterAll(() => ingest[Symbol.asyncDispose]());

const count = async (table: string) => Number((await ingest.rows(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.n);
const rejects = async (load: { rejectsUrl: string }) => (await ingest.call("GET", load.rejectsUrl)).text();
const csv = (table: string, body: string | Buffer, query = "", headers: Record<string, string> = {}) =>
  ingest.call("POST", `/ingest/${table}/csv${query}`, { body, headers: { "Content-Type": "text/csv", ...headers } });

describe("loading a file", () => {
  it("stores the good rows and lists the others with their reasons", async () => {
    const good = hires(1000, 450);
    const bad = [
      "2001,,2021-11-07T02:48:42Z,1,1",
      "2002,Ada,2021-02-30T00:00:00Z,1,1",
      "2003,Ada,2021-11-07T02:48:42Z,99,1",
      "2004,Ada,2021-11-07T02:48:42Z,1,999",
      "1000,Again,2021-11-07T02:48:42Z,1,1",
      "2005,Ada,2021-11-07T02:48:42Z,1",
      '2006,"Ada ""x"", Countess",2021-11-07T02:48:42Z,1,0',
    ];
    const load = await ingest.load("hired_employees", `${good}${bad.join("\r\n")}`);
    expect(load).toMatchObject({
      table: "hired_employees",
      mode: "insert",
      dryRun: false,
      status: "done",
      received: 457,
      inserted: 450,
      updated: 0,
      rejected: 7,
      bytes: good.length + bad.join("\r\n").length,
      createdBy: "staff",
      rejectsUrl: `/ingest/loads/${load.id}/rejects`,
    });
    expect(await rejects(load)).toBe(
      [
        "line,column,reason,raw",
        '451,name,is required,"2001,,2021-11-07T02:48:42Z,1,1"',
        '452,datetime,is a date or time that does not exist,"2002,Ada,2021-02-30T00:00:00Z,1,1"',
        '453,department_id,does not exist in departments,"2003,Ada,2021-11-07T02:48:42Z,99,1"',
        '454,job_id,does not exist in jobs,"2004,Ada,2021-11-07T02:48:42Z,1,999"',
        '455,id,duplicate id,"1000,Again,2021-11-07T02:48:42Z,1,1"',
        '456,,"has 4 columns, not 5","2005,Ada,2021-11-07T02:48:42Z,1"',
        '457,job_id,must be a whole number from 1 to 2147483647,"2006,""Ada """"x"""", Countess"",2021-11-07T02:48:42Z,1,0"',
        "",
      ].join("\r\n"),
    );
    const [row] = await ingest.rows("SELECT * FROM hired_employees WHERE id = 1000");
    expect(row).toMatchObject({ name: "Person 1000", department_id: 1 + (1000 % 12) });
  });

  it("detects duplicates within a batch, across batches and against the table", async () => {
    await ingest.load("jobs", "501,first\n");
    const load = await ingest.load("jobs", `500,a\n500,b\n501,c\n${hiresAsJobs(600, 300)}500,d\n600,e\n901,f\n901,g`);
    expect(load).toMatchObject({ received: 307, inserted: 302, rejected: 5 });
    expect((await rejects(load)).split("\r\n").slice(1, -1)).toEqual([
      '2,id,duplicate id,"500,b"',
      '3,id,duplicate id,"501,c"',
      '304,id,duplicate id,"500,d"',
      '305,id,duplicate id,"600,e"',
      '307,id,duplicate id,"901,g"',
    ]);
    expect(await ingest.rows("SELECT job FROM jobs WHERE id IN (500, 501, 901) ORDER BY id")).toEqual([
      { job: "a" },
      { job: "first" },
      { job: "f" },
    ]);
  });

  it("detects thousands of duplicates one by one, through LOAD DATA", async () => {
    const before = ingest.deps.loads.batchRows;
    ingest.deps.loads.batchRows = 50_000;
    const text = hiresAsJobs(10_000, 6000);
    await ingest.load("jobs", text);
    const load = await ingest.load("jobs", `${text}${hiresAsJobs(20_000, 2000)}`);
    ingest.deps.loads.batchRows = before;
    expect(load).toMatchObject({ received: 8000, inserted: 2000, rejected: 6000 });
    const lines = (await rejects(load)).split("\r\n");
    expect(lines).toHaveLength(6002);
    expect(lines[6000]).toBe('6000,id,duplicate id,"15999,Job of 15999"');
  });

  it("stores the same when the server does not accept LOAD DATA LOCAL INFILE", async () => {
    const { loads } = ingest.deps;
    const before = { bulk: loads.bulk, batchRows: loads.batchRows };
    // A client that does not offer local files gets the same refusal as from a server that does not take them.
    await using bulk = openBulkStore(`${ingest.env.MYSQL_URL}?flags=-LOCAL_FILES`);
    Object.assign(loads, { bulk, batchRows: 50_000 });
    const load = await ingest.load("jobs", `${hiresAsJobs(30_000, 3000)}30001,x\n30002,"tab\tand \\ and\nline"\n`);
    Object.assign(loads, before);
    expect(bulk.supportsLocalInfile).toBe(false);
    expect(load).toMatchObject({ received: 3002, inserted: 3000, rejected: 2 });
    expect(await rejects(load)).toContain('3002,id,duplicate id,"30002,""tab\tand \\ and\nline"""');
  });

  it("keeps every character", async () => {
    const names = [
      "tab\there",
      "back\\slash",
      "\\N",
      'say "hi"',
      "line\nend",
      "Ñandú 🦤",
      "NULL",
      "'; DROP TABLE jobs; --",
    ];
    const text = names.map((name, index) => `${40_000 + index},"${name.replaceAll('"', '""')}"\r\n`).join("");
    expect(await ingest.load("jobs", text)).toMatchObject({ inserted: names.length, rejected: 0 });
    const stored = await ingest.rows("SELECT job FROM jobs WHERE id >= 40000 AND id < 40100 ORDER BY id");
    expect(stored.map((row) => row.job)).toEqual(names);
  });

  it.each([
    ["?header=auto", "ID,Job\n50001,a\n", 1, 0],
    ["?header=auto", "\ufeffjob,id\nb,50002\n", 1, 0],
    ["?header=auto", "50003,a\n", 1, 0],
    ["?header=true", "whatever,it says,and more\njob,id\na,50004\n", 1, 0],
    ["?header=true", "job,id\nc,50005\n", 1, 0],
    ["?header=false", "id,job\n50006,a\n", 1, 1],
  ])("takes %s for %j", async (query, text, inserted, rejected) => {
    expect(await ingest.load("jobs", text, query)).toMatchObject({ received: inserted + rejected, inserted, rejected });
  });

  it("reads the charset of the body's type, unless encoding= says another one", async () => {
    // Alone, these bytes might be windows-1252 as well.
    const cyrillic = Buffer.from([0x36, 0x39, 0x39, 0x30, 0x31, 0x2c, 0xcc, 0xce, 0xd0, 0x0a]);
    const by = { "Content-Type": 'text/csv; charset="windows-1251"' };
    const name = async () => (await ingest.rows("SELECT job FROM jobs WHERE id = 69901"))[0]?.job;
    const response = await csv("jobs", cyrillic, "?mode=upsert", by);
    expect(await response.json()).toMatchObject({ inserted: 1, dialect: { encoding: "windows-1251" } });
    expect(await name()).toBe("МОР");
    await csv("jobs", cyrillic, "?mode=upsert&encoding=windows-1252", by);
    expect(await name()).toBe("ÌÎÐ");
  });

  it("takes rows of two MiB, also when they arrive byte by byte", async () => {
    const fields = [{ name: "id", type: "integer" }, { name: "text" }];
    await ingest.call("PUT", "/ingest/tables/long_rows", { json: { fields, primaryKey: "id" } });
    const long = "é".repeat(1_000_000);
    const file = Buffer.from(`id,text\n1,${long}\n2,short\n3,"${long.slice(0, 200_000)}"\n`);
    const split = new ReadableStream({
      start(controller) {
        controller.enqueue(file.subarray(0, 1_990_000));
        for (let at = 1_990_000; at < 2_030_000; at++) controller.enqueue(file.subarray(at, at + 1));
        controller.enqueue(file.subarray(2_030_000));
        controller.close();
      },
    });
    const response = await ingest.call("POST", "/ingest/long_rows/csv", {
      body: split,
      headers: { "Content-Type": "text/csv" },
    });
    expect(await response.json()).toMatchObject({ inserted: 3, rejected: 0 });
    expect(await ingest.rows("SELECT CHAR_LENGTH(text) AS n FROM long_rows ORDER BY id")).toEqual([
      { n: 1_000_000 },
      { n: 5 },
      { n: 200_000 },
    ]);
  });

  it("continues after broken quotes, overlong lines, invalid bytes and NULs", async () => {
    const text = Buffer.concat([
      Buffer.from(`60001,a\n60002,"b\n60003,c\n60004,${"x".repeat(2_100_000)}\n60005,d\0\n60006,`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from("\n60007,e"),
    ]);
    const load = await ingest.load("jobs", text);
    expect(load).toMatchObject({ received: 7, inserted: 3, rejected: 4 });
    const lines = (await rejects(load)).split("\r\n").slice(1, -1);
    expect(lines.map((line) => line.slice(0, 50))).toEqual([
      '2,,has a quote that is not closed,"60002,""b"',
      '4,,is longer than 2 MiB,"60004,xxxxxxxxxxxxxxxxxxx',
      '5,job,contains a NUL,"60005,d\u2400"',
      '6,job,is not valid UTF-8,"60006,\ufffd\ufffd"',
    ]);
    expect(lines[1]!.length).toBeLessThan(2200);
  });

  it("accepts a multipart part, gzip, and both", async () => {
    const form = new FormData();
    form.set("file", new File(["70001,a\n70002,b\n"], "jobs.csv", { type: "text/csv" }));
    const response = await ingest.call("POST", "/ingest/jobs/csv", { body: form });
    expect(await response.json()).toMatchObject({ received: 2, inserted: 2, bytes: 16 });
    const packed = await csv("jobs", gzipSync(hiresAsJobs(71_000, 1000)), "", { "Content-Encoding": "gzip" });
    expect(await packed.json()).toMatchObject({ received: 1000, inserted: 1000 });
    const raw = '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n72001,a\r\n--b--\r\n';
    const both = await csv("jobs", gzipSync(raw), "", {
      "Content-Encoding": "gzip",
      "Content-Type": "multipart/form-data; boundary=b",
    });
    expect(await both.json()).toMatchObject({ received: 1, inserted: 1 });
  });

  it("refuses a body that is not a file", async () => {
    expect((await problemOf(await csv("jobs", ""), 400)).detail).toMatch(/empty/);
    const nothing = { "Content-Type": "application/json", "Content-Length": "0" };
    expect((await problemOf(await csv("jobs", "", "", nothing), 400)).detail).toMatch(/empty/);
    const type = await csv("jobs", "1,a", "", { "Content-Type": "application/json" });
    expect(type.headers.get("accept")).toMatch(/^text\/csv, application\/csv, multipart\/form-data, application\/gzip/);
    await problemOf(type, 415);
    await problemOf(await csv("jobs", "1,a", "", { "Content-Type": "text/csv; charset=klingon" }), 415);
    await problemOf(await csv("jobs", "1,a", "", { "Content-Encoding": "compress" }), 415);
    await problemOf(await csv("jobs", "no gzip", "", { "Content-Encoding": "gzip" }), 400);
    await problemOf(await csv("jobs", "x", "", { "Content-Type": "multipart/form-data" }), 400);
    await problemOf(await csv("jobs", "x", "", { "Content-Type": "multipart/form-data; boundary=b" }), 400);
    const part = (name: string, more = "; filename=x") =>
      `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n80001,a\r\n`;
    const multipart = (text: string) => csv("jobs", text, "", { "Content-Type": "multipart/form-data; boundary=b" });
    expect((await problemOf(await multipart(`${part("fiel")}--b--\r\n`), 422)).errors?.[0]?.path).toBe("fiel");
    expect((await problemOf(await multipart(`${part("x", "")}--b--\r\n`), 422)).errors?.[0]?.path).toBe("x");
    await problemOf(await multipart(`${part("file")}${part("file")}--b--\r\n`), 422);
    await problemOf(await multipart("--b--\r\n"), 422);
    await problemOf(await multipart(part("file")), 400);
    expect(await ingest.rows("SELECT id FROM jobs WHERE id = 80001")).toEqual([]);
  });

  it("refuses unknown tables and parameters, and accounts without permission", async () => {
    await problemOf(await csv("people", "1,a"), 404);
    for (const bad of ["?headers=auto", "?mode=append", "?dryRun=yes", "?header=1", "?mode=insert'--"]) {
      const problem = await problemOf(await csv("jobs", "1,a", bad), 400);
      expect(problem.errors?.[0]?.path).toBe(bad.slice(1).split("=")[0]);
    }
    const asked = { body: "1,a", headers: { "Content-Type": "text/csv" } };
    const none = await ingest.call("POST", "/ingest/nowhere/csv?x=1", { ...asked, by: null });
    expect(none.headers.get("www-authenticate")).toMatch(/Bearer.*Basic/);
    await problemOf(none, 401);
    const plain = ingest.people.plain.basic;
    await problemOf(await ingest.call("POST", "/ingest/nowhere/csv?x=1", { ...asked, by: plain }), 403);
    await problemOf(await ingest.call("PUT", "/ingest/jobs/csv", asked), 405);
    await problemOf(await csv("jobs", "1,a", "", { "Idempotency-Key": "a b" }), 400);
  });
});

describe("modes", () => {
  it("upsert replaces rows of the same id, in the order of the file", async () => {
    await ingest.load("departments", "100,old\n101,keep\n");
    const load = await ingest.load(
      "departments",
      `100,new\n102,a\n102,b\nx,y\n${hiresAsJobs(2000, 250)}102,c\n`,
      "?mode=upsert",
    );
    expect(load).toMatchObject({ received: 255, inserted: 251, updated: 3, rejected: 1 });
    expect(await ingest.rows("SELECT id, department FROM departments WHERE id IN (100, 101, 102) ORDER BY id")).toEqual(
      [
        { id: 100, department: "new" },
        { id: 101, department: "keep" },
        { id: 102, department: "c" },
      ],
    );
  });

  it("a dry run stores nothing and reports the same", async () => {
    await ingest.load("jobs", "90001,here\n");
    const text = `90001,again\n90002,a\n90002,b\nx,c\n${hiresAsJobs(91_000, 250)}90002,d\n91000,e\n`;
    for (const mode of ["insert", "upsert"]) {
      const before = await count("jobs");
      const dry = await ingest.load("jobs", text, `?dryRun=true&mode=${mode}`);
      expect(await count("jobs")).toBe(before);
      const wet = await ingest.load("jobs", text, `?mode=${mode}`);
      const { received, inserted, updated, rejected } = dry;
      expect(wet).toMatchObject({ received, inserted, updated, rejected });
      expect(dry).toMatchObject({ dryRun: true, received: 256 });
      expect(await rejects(dry)).toBe(await rejects(wet));
      await ingest.deps.mysql.query("DELETE FROM jobs WHERE id > 90001 AND id < 92000");
    }
    expect(await count("staged_jobs")).toBe(0);
  });

  it("merge replaces rows of the same id, and deletes those that the file lacks", async () => {
    await using other = await openIngest({ batchRows: 2 });
    await other.load("jobs", "1,Cook\n2,Nurse\n3,Baker\n4,Smith\n");
    const file = "3,Pastry cook\n1,Cook\n9,Clerk\n9,Senior clerk\n";
    const merged = { received: 4, inserted: 1, updated: 3, deleted: 2, rejected: 0, status: "done" };
    expect(await other.load("jobs", file, "?mode=merge&dryRun=true")).toMatchObject(merged);
    expect((await other.rows("SELECT COUNT(*) AS n FROM jobs"))[0]?.n).toBe(4);
    expect(await other.load("jobs", file, "?mode=merge")).toMatchObject(merged);
    expect(await other.rows("SELECT id, job FROM jobs ORDER BY id")).toEqual([
      { id: 1, job: "Cook" },
      { id: 3, job: "Pastry cook" },
      { id: 9, job: "Senior clerk" },
    ]);
    expect((await other.rows("SELECT COUNT(*) AS n FROM staged_jobs"))[0]?.n).toBe(0);
    // A row that is rejected would be taken for one that the file lacks: none may be, unless told otherwise.
    const cut = { body: "1,Cook\nbad\n", headers: { "Content-Type": "text/csv" } };
    await problemOf(await other.call("POST", "/ingest/jobs/csv?mode=merge", cut), 422);
    expect((await other.rows("SELECT COUNT(*) AS n FROM jobs"))[0]?.n).toBe(3);
  });

  it("replace makes the table exactly the valid rows, or is a 409 that counts broken references", async () => {
    await using other = await openIngest({ batchRows: 100 });
    await other.load("departments", departments);
    await other.load("jobs", jobs);
    await other.load("hired_employees", hires(1, 240));
    const replaced = `5000,Solo,2021-01-01T00:00:00Z,1,1\n5000,Twin,2021-01-01T00:00:00Z,1,1\n${hires(1, 300)}bad\n`;
    const dry = await other.load("hired_employees", replaced, "?mode=replace&dryRun=true&maxRejects=2");
    expect(dry).toMatchObject({ received: 303, inserted: 301, rejected: 2 });
    expect((await other.rows("SELECT COUNT(*) AS n FROM hired_employees"))[0]?.n).toBe(240);
    const load = await other.load("hired_employees", replaced, "?mode=replace&maxRejects=2");
    expect(load).toMatchObject({ received: 303, inserted: 301, rejected: 2, status: "done" });
    expect(
      (await other.rows("SELECT COUNT(*) AS n, MAX(name = 'Solo') AS solo FROM hired_employees"))[0],
    ).toMatchObject({ n: 301, solo: 1 });

    // 300 hires over 12 departments: 25 each, and one more in department 1.
    const few =
      "1,One\n3,Three\n4,Four\n5,Five\n6,Six\n7,Seven\n8,Eight\n9,Nine\n10,Ten\n11,Eleven\n12,Twelve\n77,New\n";
    for (const query of ["?mode=replace", "?mode=replace&dryRun=true"]) {
      const response = await other.call("POST", `/ingest/departments/csv${query}`, {
        body: few,
        headers: { "Content-Type": "text/csv" },
      });
      const problem = await problemOf(response, 409);
      expect(problem.errors).toEqual([
        { path: "hired_employees.department_id", message: "25 rows would refer to no row of departments" },
      ]);
      expect(problem.detail).toContain("25 rows");
    }
    expect((await other.rows("SELECT COUNT(*) AS n FROM departments"))[0]?.n).toBe(12);
    expect(await other.load("departments", `2,Two\n${few}`, "?mode=replace")).toMatchObject({
      inserted: 13,
      rejected: 0,
    });
    expect((await other.rows("SELECT COUNT(*) AS n FROM departments"))[0]?.n).toBe(13);
    expect((await other.rows("SELECT COUNT(*) AS n FROM staged_departments"))[0]?.n).toBe(0);
    const { loads } = (await (await other.call("GET", "/ingest/loads")).json()) as { loads: { status: string }[] };
    expect(loads.map((each) => each.status)).toEqual([
      "done",
      "failed",
      "failed",
      "done",
      "done",
      "done",
      "done",
      "done",
    ]);
  });
});

/** Lines for jobs or departments. */
function hiresAsJobs(first: number, number: number): string {
  return Array.from({ length: number }, (_, index) => `${first + index},Job of ${first + index}\n`).join("");
}
