import { PassThrough, Readable } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { expectProblem } from "../../harness/problem.ts";
import { unique } from "../../harness/values.ts";
import { csvType, type Load, tablesOf } from "./tables.ts";

/** Files, their rejected rows and the history of loads. */
export function csv(quintet: Installation): void {
  const { anyone, plain, staff } = quintet;
  const { addRows, empty, fill, loadCsv, rowsOf } = tablesOf(quintet);
  beforeEach(empty);

  describe("DELETE /ingest/loads/{id}", () => {
    it("cancels a load that runs, whichever process has it", async () => {
      const body = new PassThrough();
      body.write("1,Clerk\n2,Welder\n");
      const sending = staff.post("/ingest/jobs/csv", body, { headers: csvType });
      const newest = async () => (await staff.get("/ingest/loads")).json<{ loads: [Load] }>().loads[0];
      await expect.poll(newest, { timeout: 20_000 }).toMatchObject({ status: "running", received: 2 });
      const { id } = await newest();
      expectProblem(await plain.delete(`/ingest/loads/${id}`), 403);
      const cancelled = await staff.delete(`/ingest/loads/${id}`);
      expect(cancelled.status, cancelled.text).toBe(202);
      expect(cancelled.headers.location).toBe(`/ingest/loads/${id}`);
      expect(cancelled.json()).toMatchObject({ id, status: "cancelled", inserted: 2 });
      expect(expectProblem(await sending, 409)).toMatchObject({ loadId: id, loadStatus: "cancelled", inserted: 2 });
      body.destroy();
      expect(await rowsOf("jobs")).toHaveLength(2);
      const { id: done } = await loadCsv("jobs", "3,Baker");
      expectProblem(await staff.delete(`/ingest/loads/${done}`), 409);
    });
  });

  describe("POST /ingest/{table}/csv", () => {
    it("stores the good rows of a file and keeps the others with their reasons", async () => {
      await fill();
      const lines = [
        "1,Ana,2021-03-01T10:00:00Z,1,1",
        '2,"O\'Hara, ""Ben""",2021-04-01T10:00:00Z,2,2',
        "3,,2021-04-01T10:00:00Z,2,2",
        "4,Dan,2021-02-30T10:00:00Z,2,2",
        "5,Eva,2021-04-01T10:00:00Z,77,2",
        "6,Fay,2021-04-01T10:00:00Z,1,",
      ];
      const load = await loadCsv("hired_employees", `${lines.join("\r\n")}\r\n`);
      expect(load).toMatchObject({
        table: "hired_employees",
        received: 6,
        inserted: 2,
        rejected: 4,
        bytes: expect.any(Number),
        ms: expect.any(Number),
      });
      expect(await rowsOf("hired_employees")).toMatchObject([{ id: 1 }, { id: 2, name: 'O\'Hara, "Ben"' }]);

      const rejects = await staff.get(load.rejectsUrl);
      expect(rejects.status).toBe(200);
      expect(rejects.headers["content-type"]).toContain("text/csv");
      const [head, ...rest] = rejects.text.trim().split(/\r?\n/);
      expect(head).toBe("line,column,reason,raw");
      expect(rest.map((line) => line.split(",").slice(0, 2))).toEqual([
        ["3", "name"],
        ["4", "datetime"],
        ["5", "department_id"],
        ["6", "job_id"],
      ]);
      const shown = await staff.get(`/ingest/loads/${load.id}`);
      expect(shown.json()).toMatchObject({ id: load.id, received: 6, inserted: 2, rejected: 4 });
      expect((await staff.get("/ingest/loads")).json<{ loads: Load[] }>().loads[0]).toMatchObject({ id: load.id });
    });

    it("finds a header by itself or as told, and takes multipart", async () => {
      expect(await loadCsv("jobs", "id,job\n1,Clerk\n")).toMatchObject({ received: 1, inserted: 1 });
      expect(await loadCsv("jobs", "id,job\n2,Welder", { header: "true" })).toMatchObject({ inserted: 1, rejected: 0 });
      expect(await loadCsv("jobs", "id,job\n3,Baker", { header: "false" })).toMatchObject({ inserted: 1, rejected: 1 });
      const part =
        '--b\r\nContent-Disposition: form-data; name="file"; filename="j.csv"\r\nContent-Type: text/csv\r\n\r\n4,Cook\n\r\n--b--\r\n';
      const headers = { "Content-Type": "multipart/form-data; boundary=b" };
      const answer = await staff.post("/ingest/jobs/csv", Buffer.from(part), { headers });
      expect(answer.json(), answer.text).toMatchObject({ inserted: 1, rejected: 0 });
      expect((await rowsOf("jobs")).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    });

    it("inserts, upserts, replaces and tries as told", async () => {
      await fill();
      expect(await loadCsv("jobs", "2,Smith\n3,Baker", { dryRun: "true" })).toMatchObject({ received: 2, rejected: 1 });
      expect(await rowsOf("jobs")).toHaveLength(2);
      expect(await loadCsv("jobs", "2,Smith\n3,Baker")).toMatchObject({ inserted: 1, rejected: 1 });
      await loadCsv("jobs", "2,Smith", { mode: "upsert" });
      expect(await rowsOf("jobs")).toContainEqual({ id: 2, job: "Smith" });
      await loadCsv("jobs", "9,Painter", { mode: "replace" });
      expect(await rowsOf("jobs")).toEqual([{ id: 9, job: "Painter" }]);
    });

    it("replaces nothing when references would break, and says how many", async () => {
      await fill();
      await addRows("hired_employees", [[1, "Ana", "2021-03-01T10:00:00Z", 1, 1]]);
      const query = { mode: "replace" };
      const answer = await staff.post("/ingest/jobs/csv", Buffer.from("2,Welder"), { headers: csvType, query });
      expect(expectProblem(answer, 409).detail).toMatch(/\b1\b/);
      expect(await rowsOf("jobs")).toHaveLength(2);
    });

    it("replaces nothing by a wrong file, unless that is wanted", async () => {
      await fill();
      for (const file of ["<html>502</html>", "id;puesto\n1;Clerk\n", "id,job\n", "\n", "9,Painter\nx,y\n"]) {
        const query = { mode: "replace" };
        const answer = await staff.post("/ingest/jobs/csv", Buffer.from(file), { headers: csvType, query });
        expect(expectProblem(answer, 422)).toMatchObject({
          loadId: expect.any(Number),
          loadStatus: "failed",
          inserted: 0,
        });
        expect(await rowsOf("jobs")).toHaveLength(2);
      }
      const load = await loadCsv("jobs", "9,Painter\nx,y\n", { mode: "replace", maxRejects: "50%" });
      expect(load).toMatchObject({ inserted: 1, rejected: 1 });
      expect(await loadCsv("jobs", "id,job\n", { mode: "replace", allowEmpty: "true" })).toMatchObject({ received: 0 });
      expect(await rowsOf("jobs")).toEqual([]);
    });

    it("takes columns by their names, and asks where it cannot be told which is which", async () => {
      await fill();
      const row = "1,Ana,2021-03-01T10:00:00Z,2,1";
      await loadCsv("hired_employees", `sep=,\r\nId,Name,Datetime,"Job_Id",department_id\r\n${row}\r\n`);
      expect(await rowsOf("hired_employees")).toMatchObject([{ id: 1, job_id: 2, department_id: 1 }]);
      const half = Buffer.from(`id,name,datetime,job,department_id\n${row}\n`);
      const answer = await staff.post("/ingest/hired_employees/csv", half, { headers: csvType });
      expectProblem(answer, 422, "job", "job_id");
    });

    it("says what is stored when a body ends badly, and goes on", async () => {
      const rows = 40_000;
      const file = Array.from({ length: rows }, (_, i) => `${i + 1},Job ${i + 1}\n`).join("");
      const part = `--b\r\nContent-Disposition: form-data; name="file"; filename="j.csv"\r\n\r\n${file}\r\n`;
      const second = '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n';
      const key = { "Idempotency-Key": unique("key") };
      const headers = { ...key, "Content-Type": "multipart/form-data; boundary=b" };
      const cut = await staff.post("/ingest/jobs/csv", Buffer.from(part + second), { headers });
      const problem = expectProblem(cut, 422, "x") as object as { loadId: number; inserted: number };
      expect(problem).toMatchObject({ loadStatus: "cut off", updated: 0, rejected: 0 });
      const again = await staff.post("/ingest/jobs/csv", Buffer.from(file), { headers: { ...csvType, ...key } });
      expect(again.json()).toMatchObject({ id: problem.loadId, status: "done", inserted: rows, rejected: 0 });
    });

    it("refuses an empty body, another type, another table and another account", async () => {
      expectProblem(await staff.post("/ingest/jobs/csv", Buffer.alloc(0), { headers: csvType }), 400);
      expectProblem(
        await staff.post("/ingest/jobs/csv", Buffer.from("1,a"), { headers: { "Content-Type": "image/png" } }),
        415,
      );
      expect([400, 404]).toContain(
        (await staff.post("/ingest/auth_user/csv", Buffer.from("1,a"), { headers: csvType })).status,
      );
      expectProblem(await plain.post("/ingest/jobs/csv", Buffer.from("1,a"), { headers: csvType }), 403);
      expectProblem(await anyone.post("/ingest/jobs/csv", Buffer.from("1,a"), { headers: csvType }), 401);
      expectProblem(
        await staff.post("/ingest/jobs/csv?mode=destroy", Buffer.from("1,a"), { headers: csvType }),
        400,
        "mode",
      );
    });

    it("tells its progress while it loads, to who wants to hear it", async () => {
      const headers = { ...csvType, Accept: "text/event-stream" };
      const answer = await staff.post("/ingest/jobs/csv", Buffer.from("1,Clerk\n2,\n"), { headers });
      expect(answer.headers["content-type"]).toContain("text/event-stream");
      const last = answer.text.trim().split("\n\n").at(-1) ?? "";
      expect(last).toMatch(/^event: load\ndata: /);
      expect(JSON.parse(last.slice(last.indexOf("{")))).toMatchObject({ received: 2, inserted: 1, rejected: 1 });
    });

    it("takes bytes that are no text for rejected rows", async () => {
      const bytes = Buffer.concat([
        Buffer.from("1,Clerk\n2,"),
        Buffer.from([0xff, 0xfe, 0x00]),
        Buffer.from("\n3,Cook\n"),
      ]);
      const answer = await staff.post("/ingest/jobs/csv", bytes, { headers: csvType });
      expect(answer.json(), answer.text).toMatchObject({ received: 3, inserted: 2, rejected: 1 });
    });

    it("stores each row once when a load is sent again with its Idempotency-Key", async () => {
      const headers = { ...csvType, "Idempotency-Key": unique("key") };
      const send = () => staff.post("/ingest/jobs/csv", Buffer.from("1,Clerk\n2,Welder\n"), { headers });
      const [first, again] = [await send(), await send()];
      expect(first.json()).toMatchObject({ inserted: 2, rejected: 0 });
      expect(again.json()).toMatchObject({ id: first.json().id, inserted: 2, rejected: 0 });
      expect(await rowsOf("jobs")).toHaveLength(2);
    });

    it("goes on with a load that was cut off, storing each row once", async () => {
      const rows = 20_000;
      const file = Array.from({ length: rows }, (_, i) => `${i + 1},Job ${i + 1}\n`).join("");
      function* firstHalf() {
        yield file.slice(0, file.length / 2);
        throw new Error("The line is dead.");
      }
      const headers = { ...csvType, "Idempotency-Key": unique("key") };
      const send = (body: Buffer | Readable) => staff.post("/ingest/jobs/csv", body, { headers });
      await expect(send(Readable.from(firstHalf()))).rejects.toThrow();
      // 409 until the server has noticed.
      await expect
        .poll(async () => (await send(Buffer.from(file))).json(), { timeout: 20_000 })
        .toMatchObject({ received: rows, inserted: rows, rejected: 0 });
      expect(await loadCsv("jobs", file)).toMatchObject({ received: rows, inserted: 0, rejected: rows });
    });
  });
}
