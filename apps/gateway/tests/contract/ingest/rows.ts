import { beforeEach, describe, expect, it } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { expectProblem } from "../../harness/problem.ts";
import { unique } from "../../harness/values.ts";
import { tablesOf } from "./tables.ts";

/** Rows that come as JSON, up to a thousand. */
export function rows(quintet: Installation): void {
  const { anyone, plain, staff } = quintet;
  const { addRows, empty, fill, rowsOf } = tablesOf(quintet);
  beforeEach(empty);

  describe("POST /ingest/{table}/rows", () => {
    it("stores the good rows, as arrays or objects, and says why the others are not", async () => {
      await fill();
      const answer = await addRows("hired_employees", [
        [1, "Ana", "2021-03-01T10:00:00Z", 1, 1],
        { id: 2, name: "Ben", datetime: "2021-04-01T10:00:00Z", department_id: 2, job_id: 2 },
        [3, "", "2021-04-01T10:00:00Z", 2, 2],
        [4, "Dan", "yesterday", 2, 2],
        [5, "Eva", "2021-04-01T10:00:00Z", 77, 2],
        [1, "Again", "2021-04-01T10:00:00Z", 1, 2],
        ["x", "Fay", "2021-04-01T10:00:00Z", 1, 2],
        [7, "Gus", "2021-04-01T10:00:00Z", 1],
      ]);
      expect(answer.status, answer.text).toBe(200);
      const result = answer.json<{ rejects: { row: number; column: string; reason: string }[] }>();
      expect(result).toMatchObject({ table: "hired_employees", received: 8, inserted: 2, rejected: 6 });
      const byColumn = result.rejects.map(({ column }) => column);
      expect(byColumn.slice(0, 5)).toEqual(["name", "datetime", "department_id", "id", "id"]);
      expect(result.rejects.every(({ row, reason }) => Number.isInteger(row) && reason.length > 0)).toBe(true);
      expect(await rowsOf("hired_employees")).toMatchObject([
        { id: 1, name: "Ana", department_id: 1, job_id: 1 },
        { id: 2, name: "Ben" },
      ]);
    });

    it("takes 1,000 rows; 1,001 are a 413 and store nothing", async () => {
      const rows = Array.from({ length: 1001 }, (_, i) => [i + 1, `Job ${i + 1}`]);
      expectProblem(await addRows("jobs", rows), 413);
      expect(await rowsOf("jobs")).toEqual([]);
      expect((await addRows("jobs", rows.slice(0, 1000))).json()).toMatchObject({ inserted: 1000, rejected: 0 });
    });

    it("takes SQL as text", async () => {
      const name = "x'); DROP TABLE jobs; -- \\ \" 😀";
      expect((await addRows("jobs", [[1, name]])).json()).toMatchObject({ inserted: 1 });
      expect(await rowsOf("jobs")).toEqual([{ id: 1, job: name }]);
    });

    it("needs staff, a table that is there and one row or more", async () => {
      expectProblem(await addRows("jobs", [[1, "Clerk"]], anyone), 401);
      expectProblem(await addRows("jobs", [[1, "Clerk"]], plain), 403);
      expectProblem(await addRows("auth_user", [[1, "Clerk"]], plain), 403);
      expectProblem(await addRows("jobs", []), 422, "rows");
      const status = (await addRows("auth_user", [[1, "Clerk"]])).status;
      expect([400, 404]).toContain(status);
    });

    it("stores once for the same Idempotency-Key", async () => {
      const headers = { "Idempotency-Key": unique("key") };
      const first = await staff.post("/ingest/jobs/rows", { rows: [[1, "Clerk"]] }, { headers });
      const again = await staff.post("/ingest/jobs/rows", { rows: [[1, "Clerk"]] }, { headers });
      expect(first.json()).toMatchObject({ inserted: 1, rejected: 0 });
      expect([again.status, again.text]).toEqual([first.status, first.text]);
      expectProblem(await staff.post("/ingest/jobs/rows", { rows: [[2, "Other"]] }, { headers }), 422);
    });
  });
}
