import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { hires, listen, problemOf, type TestIngest } from "./open-ingest.ts";
import { slowUpload } from "./slow-upload.ts";

const patient = { timeout: 20_000 };
let ingest: TestIngest;
let origin: string;
beforeAll(async () => {
  ({ ingest, origin } = await listen({ batchMs: 10 }));
});
afterAll(() => ingest[Symbol.asyncDispose]());

const get = async <T>(path: string, headers = {}) => (await (await ingest.call("GET", path, { headers })).json()) as T;
const listed = async (query: string) => (await get<{ loads: Load[] }>(`/ingest/loads${query}`)).loads;

describe("the list of loads", () => {
  it("is filtered by table, status, account and time, also page by page", async () => {
    await ingest.load("jobs", "9001,Cook\nx,y\n");
    await ingest.load("jobs", "9002,Nurse\n");
    await problemOf(
      await ingest.call("POST", "/ingest/departments/csv?mode=replace", {
        body: "x,y\n",
        headers: { "Content-Type": "text/csv" },
      }),
      422,
    );
    const all = await listed("?limit=100");
    expect(await listed("?table=jobs&limit=100")).toEqual(all.filter(({ table }) => table === "jobs"));
    expect(await listed("?status=failed")).toEqual(all.filter(({ status }) => status === "failed"));
    const { createdBy, startedAt } = all[0]!;
    expect(await listed(`?createdBy=${createdBy}&limit=100`)).toEqual(all);
    expect(await listed("?createdBy=nobody")).toEqual([]);
    expect((await listed(`?from=${startedAt}`))[0]).toEqual(all[0]);
    expect(await listed(`?until=${startedAt}&limit=100`)).toEqual(all.filter((load) => load.startedAt < startedAt));
    const seen: Load[] = [];
    for (let path: string | undefined = "?table=jobs&status=done&limit=1"; path !== undefined; ) {
      const page: { loads: Load[]; nextCursor: string | null } = await get(`/ingest/loads${path}`);
      seen.push(...page.loads);
      path = page.nextCursor === null ? undefined : `?table=jobs&status=done&limit=1&cursor=${page.nextCursor}`;
    }
    expect(seen).toEqual(all.filter(({ table, status }) => table === "jobs" && status === "done"));
  });

  it.each(["status=lost", "from=yesterday", "until=0000-01-01T00:00:00Z", "from=9999-12-31T23:59:59-10:00"])(
    "names a filter that it cannot use: %s",
    async (query) => {
      const { errors } = await problemOf(await ingest.call("GET", `/ingest/loads?${query}`), 400);
      expect(errors?.[0]?.path).toBe(query.split("=")[0]);
    },
  );
});

describe("the events of a load", () => {
  it("show it while it runs, and end with it", async () => {
    const headers = { Authorization: ingest.people.staff.bearer };
    const upload = slowUpload(`${origin}/ingest/jobs/csv`, headers);
    await upload.send("9101,Clerk\n");
    await expect.poll(async () => (await listed("?status=running"))[0], patient).toBeDefined();
    const { id } = (await listed("?status=running"))[0]!;
    const events = await fetch(`${origin}/ingest/loads/${id}/events`, { headers });
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = "";
    while (!seen.includes("\n\n")) seen += (await reader.read()).value ?? "";
    expect(seen).toMatch(/^event: progress\ndata: \{"id":/);
    await expect.poll(async () => (await get<Load>(`/ingest/loads/${id}`)).bytesSent, patient).toBe(11);
    expect((await upload.end()).status).toBe(200);
    for (let next = await reader.read(); !next.done; next = await reader.read()) seen += next.value;
    const last = /event: load\ndata: (.*)\n\n$/.exec(seen)?.[1];
    expect(JSON.parse(last ?? "null")).toEqual(await get(`/ingest/loads/${id}`));
    await problemOf(await ingest.call("GET", "/ingest/loads/99999/events"), 404);
  });
});

describe("the progress of a load", () => {
  it.each(["identity", "gzip", "multipart"])("is in bytes as sent, with the time that is left: %s", async (how) => {
    const file = hires(1000, 20_000);
    let body = Buffer.from(file);
    let type = "text/csv";
    if (how === "gzip") body = gzipSync(body);
    if (how === "multipart") {
      type = "multipart/form-data; boundary=b";
      body = Buffer.from(
        `--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n${file}\r\n--b--\r\n`,
      );
    }
    const upload = slowUpload(`${origin}/ingest/hired_employees/csv?mode=upsert`, {
      Authorization: ingest.people.staff.bearer,
      "Content-Length": String(body.length),
      "Content-Type": type,
      ...(how === "gzip" && { "Content-Encoding": "gzip" }),
    });
    const half = Math.floor(body.length / 2);
    await upload.send(body.subarray(0, half));
    await expect.poll(async () => (await listed("?status=running"))[0]?.received, patient).toBeGreaterThan(1000);
    const [running] = await listed("?status=running");
    expect(running).toMatchObject({ bytesTotal: body.length, rowsPerSecond: expect.any(Number) });
    expect(running!.bytesSent).toBeGreaterThan(half / 4);
    expect(running!.bytesSent).toBeLessThanOrEqual(half);
    expect(running!.secondsLeft).toEqual(expect.any(Number));
    await upload.send(body.subarray(half));
    const load = JSON.parse((await upload.end()).body) as Load;
    expect(load).toMatchObject({
      bytes: file.length,
      bytesSent: body.length,
      bytesTotal: body.length,
      secondsLeft: null,
    });
  });
});

describe("rejected rows", () => {
  it("are paged as JSON with their codes, and deleted once the load has ended", async () => {
    const load = await ingest.load("jobs", `9201,Cook\n${"x,y\n".repeat(3)}9202\n`);
    type Page = {
      rejects: { line: number; code: string; column: string | null; raw: string }[];
      nextCursor: string | null;
    };
    const json = { Accept: "application/json" };
    const first = await get<Page>(`${load.rejectsUrl}?limit=3`, json);
    expect(first.rejects.map(({ line }) => line)).toEqual([2, 3, 4]);
    const second = await get<Page>(`${load.rejectsUrl}?cursor=${first.nextCursor}`, json);
    expect(second).toMatchObject({
      rejects: [{ line: 5, code: "columns", column: null, raw: "9202" }],
      nextCursor: null,
    });
    const other = await ingest.load("jobs", "x,y\n");
    await problemOf(await ingest.call("GET", `${other.rejectsUrl}?cursor=${first.nextCursor}`, { headers: json }), 400);

    expect((await ingest.call("DELETE", load.rejectsUrl)).status).toBe(204);
    expect((await ingest.call("DELETE", load.rejectsUrl)).status).toBe(204);
    const { detail } = await problemOf(await ingest.call("GET", load.rejectsUrl), 404);
    expect(detail).toBe("The 4 rejected rows of this load were deleted.");
    expect(await get<Load>(`/ingest/loads/${load.id}`)).toMatchObject({ rejected: 4, reasons: load.reasons });
    await problemOf(await ingest.call("DELETE", other.rejectsUrl, { by: ingest.people.plain.bearer }), 403);
    expect(await text((await ingest.call("GET", other.rejectsUrl)).body!)).toContain("1,id,");
  });

  it("cannot be deleted while the load runs or can be resumed", async () => {
    const upload = slowUpload(`${origin}/ingest/jobs/csv`, {
      Authorization: ingest.people.staff.bearer,
      "Idempotency-Key": "cut",
    });
    await upload.send("9301,Clerk\nx,y\n");
    await expect.poll(async () => (await listed("?status=running"))[0]?.rejected, patient).toBe(1);
    const { rejectsUrl } = (await listed("?status=running"))[0]!;
    await problemOf(await ingest.call("DELETE", rejectsUrl), 409);
    upload.cut();
    await expect.poll(() => listed("?status=running"), patient).toEqual([]);
    await problemOf(await ingest.call("DELETE", rejectsUrl), 409);
  });
});

describe("who may do what", () => {
  /** Each route with its method, and values in the places of its parameters. */
  const routes = () => {
    const all = ingest.app.routes.filter(({ method, path }) => method !== "ALL" && path.startsWith("/ingest"));
    const filled = all.map(
      ({ method, path }) => `${method} ${path.replaceAll(/:table\b/g, "jobs").replaceAll(/:\w+(?:\{[^}]*\})?/g, "1")}`,
    );
    return [...new Set(filled)].sort();
  };
  const statusOf = async (route: string, by: string | null) => {
    const [method = "", path = ""] = route.split(" ");
    return (await ingest.call(method, path, { by })).status;
  };

  it("is decided before anything else is looked at: only staff may change something", async () => {
    const changing = routes().filter((route) => !/^(?:GET|HEAD|OPTIONS) /.test(route));
    expect(changing.length).toBeGreaterThan(30);
    const refused: string[] = [];
    for (const route of changing) {
      const [nobody, plain] = [await statusOf(route, null), await statusOf(route, ingest.people.plain.bearer)];
      refused.push(`${route}: ${nobody} ${plain}`);
    }
    expect(refused).toEqual(changing.map((route) => `${route}: 401 403`));
  });

  it("lets accounts read all but uploads and the pages on which something is changed, and nobody anything", async () => {
    const open: string[] = [];
    const ofStaff: string[] = [];
    for (const route of routes().filter((route) => route.startsWith("GET "))) {
      if ((await statusOf(route, null)) !== 401) open.push(route);
      else if ((await statusOf(route, ingest.people.plain.bearer)) === 403) ofStaff.push(route);
    }
    const documents = /^GET \/ingest\/(?:assets\/|docs|health$|openapi\.json$)/;
    expect(open.filter((route) => !documents.test(route))).toEqual([]);
    const changing = /\/actions\/(?!filter$)|^GET \/ingest\/(?:new-|uploads)/;
    expect(ofStaff).toEqual(routes().filter((route) => route.startsWith("GET ") && changing.test(route)));
    expect(ofStaff).toHaveLength(16);
  });
});
