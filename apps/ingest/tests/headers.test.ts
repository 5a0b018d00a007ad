import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { departments, jobs, openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest({ batchRows: 100 });
  await ingest.load("departments", departments);
  await ingest.load("jobs", jobs);
});
afterAll(() => ingest[Symbol.asyncDispose]());

let lastId = 0;
/** A hire in department 2 and job 3, the job before the department. */
const hire = () => `${++lastId},Ada,2021-11-07T02:48:42Z,3,2`;
const send = (body: string | Buffer | ReadableStream, query = "") =>
  ingest.call("POST", `/ingest/hired_employees/csv${query}`, { body, headers: { "Content-Type": "text/csv" } });
const storedAs = (id: number) =>
  ingest.rows("SELECT department_id, job_id FROM hired_employees WHERE id = ?", [id]).then(([row]) => row);
const names = "id,name,datetime,job_id,department_id";

describe("columns in another order than the table has them", () => {
  it.each([
    ["", names],
    ["?header=true", names],
    ["", `sep=,\r\n${names}`],
    ["", `\ufeff"ID"," Name ","DATETIME","Job_Id","department_id"`],
    ["", `Hires of 2021,,,,\n\nmade by hand\n${names}`],
    ["?header=true", `Hires of 2021\n${names}`],
  ])("are assigned by their names: %s %j", async (query, head) => {
    const load = (await (await send(`${head}\n${hire()}\n${hire()}\n`, query)).json()) as Load;
    expect(load).toMatchObject({ status: "done", received: 2, inserted: 2, rejected: 0 });
    expect(await storedAs(lastId)).toEqual({ department_id: 2, job_id: 3 });
  });

  it.each([
    ["", "id,name,datetime,job,department_id", ["job", "job_id"]],
    ["", `sep=,\n${names.replace("name", "nombre")}`, ["nombre", "name"]],
    [
      "",
      "identificador,nombre,fecha,puesto,departamento",
      ["identificador", "nombre", "fecha", "puesto", "departamento"],
    ],
    ["", "id,name,datetime,job_id,job_id", ["department_id", "job_id"]],
    ["?header=true", "whatever,it says", ["whatever", "it says"]],
    ["?header=true", hire(), ["id"]],
    ["?header=false", names, ["header"]],
    ["?mode=replace", "id,name,datetime,job,department_id", ["job", "job_id"]],
    ["", "sep=;", ["delimiter"]],
  ])("are refused when they cannot be determined: %s %j", async (query, head, paths) => {
    const before = await ingest.rows("SELECT COUNT(*) AS n FROM hired_employees");
    const problem = await problemOf(await send(`${head}\n${hire()}\n${hire()}\n`, query), 422);
    expect(problem.errors?.map(({ path }) => path)).toEqual(expect.arrayContaining(paths));
    expect(problem).toMatchObject({ loadStatus: "failed", received: 0, inserted: 0 });
    expect(problem).toHaveProperty("loadId");
    expect(await ingest.rows("SELECT COUNT(*) AS n FROM hired_employees")).toEqual(before);
  });

  it("are assigned by the header of each of several concatenated files", async () => {
    const inOrder = () => `${++lastId},Ada,2021-11-07T02:48:42Z,2,3`;
    const file = `id,name,datetime,department_id,job_id\n${inOrder()}\n${names}\n${hire()}\n${hire()}\n`;
    const load = (await (await send(file)).json()) as Load;
    expect(load).toMatchObject({ received: 4, inserted: 3, rejected: 1 });
    for (const id of [lastId - 2, lastId - 1, lastId]) {
      expect(await storedAs(id)).toEqual({ department_id: 2, job_id: 3 });
    }
  });

  it("are determined however the file is split into chunks", async () => {
    const bytes = Buffer.from(
      `\ufeffsep=,\r\n"Title, \u00e9"\r\n"ID","name","datetime","job_id","department_id"\r\n${hire()}\r\n`,
    );
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at === bytes.length) return controller.close();
        controller.enqueue(bytes.subarray(at, ++at));
      },
    });
    expect(await (await send(body)).json()).toMatchObject({ received: 1, inserted: 1, bytes: bytes.length });
    expect(await storedAs(lastId)).toEqual({ department_id: 2, job_id: 3 });
  });

  it("are refused in arrays of JSON too", async () => {
    const rows = (...given: unknown[]) =>
      ingest.call("POST", "/ingest/hired_employees/rows", { json: { rows: given } });
    const array = () => [++lastId, "Ada", "2021-11-07T02:48:42Z", 3, 2];
    const other = await problemOf(await rows(names.split(","), array()), 422);
    expect(other.errors?.[0]?.path).toBe("rows.0");
    const half = await problemOf(await rows(["id", "name", "datetime", "job", "department_id"], array()), 422);
    expect(half.detail).toContain("job");
    expect(await ingest.rows("SELECT id FROM hired_employees WHERE id = ?", [lastId])).toEqual([]);
    const inOrder = await rows("id,name,datetime,department_id,job_id".split(","), array());
    expect(await inOrder.json()).toMatchObject({ received: 2, inserted: 1, rejected: 1 });
  });
});
