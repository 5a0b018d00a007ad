import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { expectProblem } from "../../harness/problem.ts";
import { time } from "../../harness/values.ts";
import { tablesOf } from "./tables.ts";

/** Backups and what becomes of a table that is restored. */
export function backups(quintet: Installation): void {
  const { anyone, plain, staff } = quintet;
  const { addRows, empty, fill, loadCsv, rowsOf } = tablesOf(quintet);
  beforeEach(empty);

  describe("backups", () => {
    const backUp = async (table: string) => {
      const answer = await staff.post(`/ingest/${table}/backups`);
      expect(answer.status, answer.text).toBe(201);
      return answer.json<{ name: string; bytes: number; sha256: string; createdAt: string }>();
    };

    it("are Avro files that are listed, downloaded and restored", async () => {
      await fill();
      const older = await backUp("jobs");
      expect(older).toMatchObject({ table: "jobs", rows: 2, createdAt: time });
      await loadCsv("jobs", "3,Baker");
      const newer = await backUp("jobs");
      await staff.delete("/ingest/jobs");

      const { backups } = (await staff.get("/ingest/backups")).json<{ backups: { name: string }[] }>();
      expect(backups.slice(0, 2).map(({ name }) => name)).toEqual([newer.name, older.name]);
      const file = await staff.get(`/ingest/backups/${newer.name}`);
      expect(file.status).toBe(200);
      expect(file.bytes.subarray(0, 4)).toEqual(Buffer.from("Obj\u0001"));
      expect(file.bytes).toHaveLength(newer.bytes);
      expect(createHash("sha256").update(file.bytes).digest("hex")).toBe(newer.sha256);

      const latest = await staff.post("/ingest/jobs/restore", {});
      expect(latest.json(), latest.text).toMatchObject({ table: "jobs", backup: newer.name, rows: 3 });
      expect(await rowsOf("jobs")).toHaveLength(3);
      const named = await staff.post("/ingest/jobs/restore", { name: older.name });
      expect(named.json(), named.text).toMatchObject({ backup: older.name, rows: 2 });
      expect(await rowsOf("jobs")).toEqual([
        { id: 1, job: "Clerk" },
        { id: 2, job: "Welder" },
      ]);
    });

    it("are not restored when they are of another table, absent, or would break references", async () => {
      await fill();
      const { name } = await backUp("departments");
      expectProblem(await staff.post("/ingest/jobs/restore", { name: "absent.avro" }), 404);
      expect((await staff.post("/ingest/jobs/restore", { name })).status).toBeGreaterThanOrEqual(400);
      await loadCsv("departments", "3,Legal");
      await addRows("hired_employees", [[1, "Ana", "2021-03-01T10:00:00Z", 3, 1]]);
      expectProblem(await staff.post("/ingest/departments/restore", { name }), 409);
      expect(await rowsOf("departments")).toHaveLength(3);
    });

    it("lead to no other file", async () => {
      for (const name of ["..%5c..%5cetc%5cpasswd", ".env", "x%00.avro", "a.avro"]) {
        const answer = await staff.get(`/ingest/backups/${name}`);
        expect([400, 404], name).toContain(answer.status);
      }
      for (const name of ["../../../etc/passwd", "..", "/etc/passwd", "x\u0000"]) {
        const answer = await staff.post("/ingest/jobs/restore", { name });
        expect([404, 422], name).toContain(answer.status);
      }
    });

    it("are verified, and made elsewhere", async () => {
      await loadCsv("jobs", "1,Cook");
      const { name } = await backUp("jobs");
      expect((await plain.post(`/ingest/backups/${name}/verify`)).status).toBe(403);
      const verified = await staff.post(`/ingest/backups/${name}/verify`);
      expect(verified.status, verified.text).toBe(200);
      const file = (await staff.get(`/ingest/backups/${name}`)).bytes;
      const avro = { headers: { "Content-Type": "application/avro" } };
      expect((await staff.post("/ingest/jobs/backups", file, avro)).status).toBe(201);
      expectProblem(await staff.post("/ingest/departments/backups", file, avro), 422);
      expectProblem(await staff.post("/ingest/jobs/backups", file, { headers: { "Content-Type": "image/png" } }), 415);
    });

    it("of a set are restored together", async () => {
      await fill();
      const set = (await staff.post("/ingest/backups")).json<{ set: string }>().set;
      await empty();
      await loadCsv("jobs", "7,Baker");
      const path = "/ingest/restore";
      const tried = await staff.post(path, { set, dryRun: true });
      expect(tried.json(), tried.text).toMatchObject({ set, dryRun: true });
      expect(await rowsOf("jobs")).toHaveLength(1);
      const restored = await staff.post(path, { set });
      expect(restored.status, restored.text).toBe(200);
      expect(await rowsOf("jobs")).toHaveLength(2);
      expectProblem(await staff.post(path, { set: "absent" }), 404);
      expectProblem(await staff.post(path, { set, timestamp: "2021-01-01T00:00:00Z" }), 422);
      expectProblem(await plain.post(path, { set }), 403);
      const { backups } = (await staff.get("/ingest/backups")).json<{ backups: { name: string; set?: string }[] }>();
      const { name } = backups.find((backup) => backup.set === set)!;
      await staff.delete(`/ingest/backups/${name}`);
      expect(expectProblem(await staff.post(path, { set }), 409).errors?.[0]?.message).toContain(name);
    });

    it("are made and restored by staff only", async () => {
      expectProblem(await plain.post("/ingest/jobs/backups"), 403);
      expectProblem(await plain.post("/ingest/jobs/restore", {}), 403);
      expectProblem(await anyone.post("/ingest/jobs/restore", {}), 401);
    });
  });
}
