import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestAuth, testAuth } from "@quintet/accounts/testing";
import { testMysql, testPrefix } from "@quintet/db/testing";
import { createLogger, listenerOf, type ProblemBody, type ServeOptions, serve } from "@quintet/http";
import { expectProblem, readResponse, requestApp, type TestRequest } from "@quintet/http/testing";
import type { RowDataPacket } from "mysql2/promise";
import { inject } from "vitest";
import { createApp } from "../src/app.ts";
import type { Deps } from "../src/deps.ts";
import { ingest as definition } from "../src/index.ts";
import type { Load } from "../src/loads/load.ts";

/** The whole app on stores of its own, and the people who use it. */
export interface TestIngest extends AsyncDisposable {
  people: TestAuth;
  deps: Deps;
  env: Record<string, string>;
  /** The folder of the backups. */
  backupDir: string;
  app: ReturnType<typeof createApp>;
  /** A request by a staff account unless told; `by: null` sends no credentials. */
  call(method: string, path: string, options?: CallOptions): Promise<Response>;
  /** Sends a CSV file and returns the load. */
  load(table: string, csv: string | Buffer, query?: string, headers?: Record<string, string>): Promise<Load>;
  rows(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

export interface CallOptions {
  by?: string | null;
  json?: unknown;
  body?: string | Buffer | ReadableStream | FormData;
  headers?: Record<string, string>;
}

export async function openIngest(
  loads: Partial<Deps["loads"]> = {},
  more: Record<string, string> = {},
): Promise<TestIngest> {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await testMysql(inject("mysqlUrl")));
  const people = stack.use(await testAuth(inject("mysqlUrl")));
  const backupDir = await mkdtemp(join(tmpdir(), "quintet-backups-"));
  stack.defer(() => rm(backupDir, { recursive: true, force: true }));
  const env = {
    MYSQL_URL: database.url,
    REDIS_URL: inject("redisUrl"),
    REDIS_PREFIX: testPrefix(),
    QUINTET_SECRET: randomBytes(32).toString("hex"),
    AUTH_URL: "http://issuer.test",
    BACKUP_DIR: backupDir,
    ...more,
  };
  const config = definition.loadConfig(env);
  await definition.migrate(config);
  const log = createLogger({ service: "ingest", level: "silent" });
  const deps = stack.use(definition.createDeps(config, { log, auth: people.auth }));
  Object.assign(deps.loads, loads);
  const app = createApp(deps);

  const call = async (method: string, path: string, options: CallOptions = {}) => {
    const { by = people.staff.bearer, ...sent } = options;
    return requestApp(app, method, path, { authorization: by ?? undefined, ...(sent as TestRequest) });
  };
  return {
    people,
    deps,
    env,
    backupDir,
    app,
    call,
    async load(table, csv, query = "", headers = {}) {
      const response = await call("POST", `/ingest/${table}/csv${query}`, {
        body: csv,
        headers: { "Content-Type": "text/csv", ...headers },
      });
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as Load;
    },
    async rows(sql, values = []) {
      const [rows] = await deps.mysql.query<RowDataPacket[]>(sql, values);
      return rows;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Serves the app, with departments and jobs loaded, over HTTP until `ingest` is disposed of; returns its origin. */
export async function listen(
  loads: Partial<Deps["loads"]>,
  more: Partial<ServeOptions> = {},
): Promise<{ ingest: TestIngest; origin: string }> {
  const ingest = await openIngest(loads);
  await ingest.load("departments", departments);
  await ingest.load("jobs", jobs);
  const settings = { port: 0, host: "127.0.0.1", log: ingest.deps.log, drainSeconds: 0, ...more };
  const listening = await serve(listenerOf(ingest.app), settings);
  const disposeAsync = async () => {
    await listening.close();
    await ingest[Symbol.asyncDispose]();
  };
  return { ingest: { ...ingest, [Symbol.asyncDispose]: disposeAsync }, origin: `http://127.0.0.1:${listening.port}` };
}

/** The problem in an response, which must have the status. */
export async function problemOf(response: Response, status: number): Promise<ProblemBody> {
  return expectProblem(await readResponse(response), status);
}

/** Lines of hires with the ids from `first`, in departments 1 to 12 and jobs 1 to 183. */
export function hires(first: number, count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const id = first + index;
    const moment = new Date(Date.UTC(2021, 0, 1) + ((id * 7919) % 31_536_000) * 1000)
      .toISOString()
      .replace(".000Z", "Z");
    return `${id},Person ${id},${moment},${1 + (id % 12)},${1 + (id % 183)}\n`;
  }).join("");
}

/** Twelve departments. */
export const departments = Array.from({ length: 12 }, (_, index) => `${index + 1},Department ${index + 1}\n`).join("");
/** 183 jobs. */
export const jobs = Array.from({ length: 183 }, (_, index) => `${index + 1},Job ${index + 1}\n`).join("");
