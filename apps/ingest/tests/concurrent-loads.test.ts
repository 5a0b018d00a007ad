import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { hires, jobs, listen, problemOf, type TestIngest } from "./open-ingest.ts";
import { slowUpload } from "./slow-upload.ts";

let ingest: TestIngest;
let origin: string;
beforeAll(async () => {
  ({ ingest, origin } = await listen({ batchRows: 200, batchMs: 20 }));
});
afterAll(() => ingest[Symbol.asyncDispose]());

const one = async (sql: string) => Number((await ingest.rows(sql))[0]?.n);

describe("loads at the same time", () => {
  it("of one table store each row once and list each other", async () => {
    const backwards = (lines: string) => `${lines.trim().split("\n").reverse().join("\n")}\n`;
    const loads = await Promise.all([
      ingest.load("hired_employees", hires(1, 3000)),
      ingest.load("hired_employees", hires(1501, 3000)),
      ingest.load("hired_employees", backwards(hires(1001, 3000))),
    ]);
    expect(await one("SELECT COUNT(*) AS n FROM hired_employees")).toBe(4500);
    expect(loads.reduce((sum, load) => sum + load.inserted, 0)).toBe(4500);
    for (const load of loads) {
      expect(load.inserted + load.rejected).toBe(3000);
      expect(await one(`SELECT COUNT(*) AS n FROM ingest_rejects WHERE load_id = ${load.id}`)).toBe(load.rejected);
    }
  });

  it("upsert the same rows without losing one", async () => {
    const loads = await Promise.all(
      ["?mode=upsert", "?mode=upsert", "?mode=upsert"].map((query) =>
        ingest.load("hired_employees", hires(10_001, 1500), query),
      ),
    );
    expect(await one("SELECT COUNT(*) AS n FROM hired_employees WHERE id > 10000")).toBe(1500);
    for (const load of loads) expect(load.inserted + load.updated).toBe(1500);
  });

  it("never leave a row whose department was deleted in the meantime", async () => {
    await ingest.load("departments", Array.from({ length: 40 }, (_, i) => `${100 + i},Short-lived\n`).join(""));
    const lines = Array.from(
      { length: 4000 },
      (_, i) => `${20_000 + i},Ada,2021-01-01T00:00:00Z,${100 + Math.floor(i / 100)},1\n`,
    );
    let loading = true;
    const load = ingest.load("hired_employees", lines.join("")).finally(() => {
      loading = false;
    });
    for (let id = 139; loading; id = id === 100 ? 139 : id - 1) {
      await ingest.rows("DELETE FROM departments WHERE id = ?", [id]).catch((error: unknown) => {
        expect(error).toMatchObject({ errno: 1451 });
      });
    }
    const { inserted, rejected } = await load;
    expect(inserted + rejected).toBe(4000);
    expect(rejected).toBeGreaterThan(0);
    expect(await one("SELECT COUNT(*) AS n FROM hired_employees WHERE id >= 20000")).toBe(inserted);
    expect(
      await one(`SELECT COUNT(*) AS n FROM hired_employees AS h LEFT JOIN departments AS d ON d.id = h.department_id
        WHERE d.id IS NULL`),
    ).toBe(0);
  });

  it("are seen whole when one replaces the table", async () => {
    await ingest.load("jobs", Array.from({ length: 1000 }, (_, i) => `${50_000 + i},old\n`).join(""));
    const kept = await one("SELECT COUNT(*) AS n FROM jobs WHERE id < 50000");
    const seen = new Set<string>();
    let replacing = true;
    const file = `${jobs}${Array.from({ length: 3000 }, (_, i) => `${50_000 + i},new\n`).join("")}`;
    const load = ingest.load("jobs", file, "?mode=replace").finally(() => {
      replacing = false;
    });
    while (replacing) {
      const [row] = await ingest.rows(
        "SELECT SUM(job = 'old') AS old, SUM(job = 'new') AS new, COUNT(*) AS n FROM jobs",
      );
      seen.add(JSON.stringify(row));
    }
    await load;
    const states = [
      { old: 1000, new: 0, n: kept + 1000 },
      { old: 0, new: 3000, n: 3183 },
    ].map((state) => JSON.stringify(state));
    for (const state of seen) expect(states).toContain(state);
  });
});

describe("progress", () => {
  const upload = (query = "", headers: Record<string, string> = {}) =>
    slowUpload(`${origin}/ingest/departments/csv${query}`, {
      Authorization: ingest.people.staff.bearer,
      Accept: "text/event-stream",
      ...headers,
    });
  const events = (stream: string) =>
    [...stream.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, name, data]) => ({ name, data: JSON.parse(data!) }));

  it("is sent while the file is still being uploaded, and ends with the load", async () => {
    const sending = upload();
    await sending.send("5001,a\n5002,b\n");
    const response = await sending.response;
    expect(response.headers["content-type"]).toMatch(/text\/event-stream/);
    let seen = "";
    for await (const chunk of response) {
      seen += chunk;
      if (events(seen).length > 0) break;
    }
    expect(events(seen)[0]).toMatchObject({ name: "progress", data: { received: 2, inserted: 2, bytes: 14 } });
  });

  it("has an event for every batch and a last one for the load", async () => {
    const sending = upload("", { "Idempotency-Key": "watched" });
    await sending.send(Array.from({ length: 450 }, (_, i) => `${6000 + i},a\n`).join(""));
    const found = events((await sending.end()).body);
    expect(found.map((event) => event.name).join(" ")).toMatch(/^(progress )+load$/);
    expect(found.at(-1)?.data).toMatchObject({ received: 450, inserted: 450, status: "done" });
  });

  it("ends with a problem when the load fails; earlier errors are plain responses", async () => {
    const sending = upload("?mode=replace");
    await sending.send("1,Only\n");
    const { status, body } = await sending.end();
    expect(status).toBe(200);
    expect(events(body).at(-1)).toMatchObject({
      name: "problem",
      data: { status: 409, instance: "/ingest/departments/csv" },
    });
    const wrong = upload("?mode=append");
    const response = await wrong.response;
    expect(response.statusCode).toBe(400);
    expect(response.headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(await text(response)).errors[0].path).toBe("mode");
    wrong.cut();
  });
});

describe("the history of loads", () => {
  it("is paged, newest first, and can be read by any account", async () => {
    const by = ingest.people.plain.basic;
    const seen: Load[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `?limit=3&cursor=${cursor}` : "?limit=3";
      const response = await ingest.call("GET", `/ingest/loads${query}`, { by });
      const page = (await response.json()) as { loads: Load[]; nextCursor: string | null };
      expect(page.loads.length).toBeLessThanOrEqual(3);
      seen.push(...page.loads);
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toHaveLength(await one("SELECT COUNT(*) AS n FROM ingest_loads"));
    const order = seen.map((load) => `${load.startedAt} ${String(load.id).padStart(9, "0")}`);
    expect(order).toEqual([...order].sort().reverse());
    const got = await ingest.call("GET", `/ingest/loads/${seen[0]!.id}`, { by });
    expect(await got.json()).toEqual(seen[0]);
    const rejects = await ingest.call("GET", `/ingest/loads/${seen[0]!.id}/rejects`, { by });
    expect(rejects.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  });

  it("says what it does not know", async () => {
    for (const path of ["0", "99999", "9".repeat(20), "x", "1'--", "-1"]) {
      await problemOf(await ingest.call("GET", `/ingest/loads/${encodeURIComponent(path)}`), 404);
      await problemOf(await ingest.call("GET", `/ingest/loads/${encodeURIComponent(path)}/rejects`), 404);
    }
    await problemOf(await ingest.call("GET", "/ingest/loads?limit=0"), 400);
    await problemOf(await ingest.call("GET", "/ingest/loads?limit=101"), 400);
    expect((await problemOf(await ingest.call("GET", "/ingest/loads?page=2"), 400)).errors?.[0]?.path).toBe("page");
    await problemOf(await ingest.call("GET", "/ingest/loads?cursor=forged"), 400);
    await problemOf(await ingest.call("GET", "/ingest/loads", { by: null }), 401);
    await problemOf(await ingest.call("GET", "/ingest/loads/1/rejects?x=1"), 400);
    await problemOf(await ingest.call("POST", "/ingest/loads", { json: {} }), 405);
  });
});
