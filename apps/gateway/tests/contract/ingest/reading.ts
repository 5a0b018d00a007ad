import { beforeEach, describe, expect, it } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { expectProblem } from "../../harness/problem.ts";
import { cursor, forged } from "../../harness/values.ts";
import { tablesOf } from "./tables.ts";

/** Reading and emptying a table, and the two reports. */
export function reading(quintet: Installation): void {
  const { plain, staff } = quintet;
  const { addRows, empty, fill, loadCsv, rowsOf } = tablesOf(quintet);
  beforeEach(empty);

  describe("tables", () => {
    it("are read page by page", async () => {
      await loadCsv("jobs", Array.from({ length: 5 }, (_, i) => `${i + 1},Job ${i + 1}`).join("\n"));
      const page = async (query: Record<string, string | number>) =>
        (await plain.get("/ingest/jobs", { limit: 3, ...query })).json<{
          rows: { id: number }[];
          nextCursor: string | null;
        }>();
      const first = await page({});
      expect(first.rows).toEqual([1, 2, 3].map((id) => ({ id, job: `Job ${id}` })));
      expect(first.nextCursor).toEqual(cursor);
      const second = await page({ cursor: first.nextCursor ?? "" });
      expect(second).toMatchObject({ rows: [{ id: 4 }, { id: 5 }], nextCursor: null });
      expectProblem(await plain.get("/ingest/jobs", { cursor: forged(first.nextCursor ?? "") }), 400, "cursor");
    });

    it("are emptied by staff, though not when another table refers to them", async () => {
      await fill();
      await addRows("hired_employees", [[1, "Ana", "2021-03-01T10:00:00Z", 1, 1]]);
      expectProblem(await staff.delete("/ingest/jobs"), 409);
      expectProblem(await plain.delete("/ingest/hired_employees"), 403);
      expect((await staff.delete("/ingest/hired_employees")).status).toBe(204);
      expect((await staff.delete("/ingest/jobs")).status).toBe(204);
      expect(await rowsOf("jobs")).toEqual([]);
    });
  });

  describe("reports", () => {
    beforeEach(async () => {
      await fill();
      await loadCsv("departments", "3,Legal");
      await addRows("hired_employees", [
        [1, "A", "2021-01-01T00:00:00Z", 1, 1],
        [2, "B", "2021-03-31T23:59:59Z", 1, 1],
        [3, "C", "2021-04-01T00:00:00Z", 1, 2],
        [4, "D", "2021-12-31T23:59:59Z", 2, 2],
        [5, "E", "2022-01-01T00:00:00Z", 2, 2],
      ]);
    });

    it("count hires by quarter, by department and job", async () => {
      const answer = await plain.get("/ingest/reports/hired-by-quarter", { year: 2021 });
      expect(answer.status, answer.text).toBe(200);
      expect(answer.json()).toEqual({
        year: 2021,
        rows: [
          { department: "Engineering", job: "Welder", q1: 0, q2: 0, q3: 0, q4: 1 },
          { department: "Sales", job: "Clerk", q1: 2, q2: 0, q3: 0, q4: 0 },
          { department: "Sales", job: "Welder", q1: 0, q2: 1, q3: 0, q4: 0 },
        ],
      });
    });

    it("list the departments that hired more than the mean, most first", async () => {
      const answer = await plain.get("/ingest/reports/departments-above-mean", { year: 2021 });
      expect(answer.status, answer.text).toBe(200);
      const { mean, ...report } = answer.json<{ mean: number }>();
      expect(report).toEqual({ year: 2021, rows: [{ id: 1, department: "Sales", hired: 3 }] });
      expect([4 / 3, 2]).toContain(mean);
      expect((await plain.get("/ingest/reports/departments-above-mean", { year: 1999 })).json()).toMatchObject({
        rows: [],
      });
    });

    it("need a year", async () => {
      expectProblem(await plain.get("/ingest/reports/hired-by-quarter", { year: "2021 OR 1=1" }), 400, "year");
      expectProblem(await plain.get("/ingest/reports/departments-above-mean", { year: "x" }), 400, "year");
    });
  });
}
