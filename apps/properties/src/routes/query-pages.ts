import type { OpenAPIHono } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards, type MaybeAccountEnv } from "@quintet/auth";
import { readValues } from "@quintet/db";
import { decodeCursor, encodeCursor, type InputFault, type ServiceEnv } from "@quintet/http";
import { addPageAction, nextPage, type PageAction, type PageFrame, refusalOf, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { queriesPath, queryPath } from "../pages/frame.ts";
import { queriesPage, queryPage } from "../pages/query-pages.ts";
import { saveQuery } from "../queries/query-queries.ts";
import { runSql, type SqlResult } from "../queries/run-sql.ts";
import { pageOfQueries, removeQuery, savedQuery } from "../queries/saved-queries.ts";
import { queriesPosition, queryParam, valuesOf } from "./sql-schemas.ts";

const listInput = z.strictObject({ cursor: z.string().max(500).optional() });
const queriesPerPage = 50;

/** Sends the saved queries as a page; undefined for a query that is not one of the page. */
export async function sendQueriesPage(
  c: Context<AccountEnv>,
  { db, cursorKey }: Pick<Deps, "db" | "cursorKey">,
  frame: PageFrame,
): Promise<Response | undefined> {
  const input = listInput.safeParse(c.req.query());
  if (!input.success) return undefined;
  const { cursor } = input.data;
  const { isStaff } = c.var.account;
  const after = cursor === undefined ? undefined : decodeCursor(cursorKey, cursor, queriesPosition)[1];
  const { queries, end } = await pageOfQueries(db, { after, limit: queriesPerPage, publicOnly: !isStaff });
  const next = nextPage(c, end === undefined ? null : encodeCursor(cursorKey, ["queries", end]));
  const body = queriesPage(queries, { first: cursor === undefined ? undefined : queriesPath, next }, isStaff);
  return sendPage(c, frame, { title: "Saved queries", body });
}

/** Sends the page of the saved query in the path; with `runs` also its rows. */
export async function sendQueryPage(
  c: Context<AccountEnv>,
  { db, sql }: Pick<Deps, "db" | "sql">,
  { frame, runs }: { frame: PageFrame; runs: boolean },
): Promise<Response> {
  const { isStaff } = c.var.account;
  const query = await savedQuery(db, c.req.param("query") ?? "", isStaff);
  const title = query.name;
  if (!runs) return sendPage(c, frame, { title, body: queryPage({ query, texts: {}, faults: [], isStaff }) });
  const texts = c.req.query();
  // A field of the form that is empty is not given.
  const given = Object.entries(c.req.queries()).filter(([, values]) => values.some((value) => value !== ""));
  const { values, faults } = readValues(query.params, new Map(given));
  const send = (shown: { faults: InputFault[]; failure?: string; result?: SqlResult }, status?: 400 | 422 | 503) =>
    sendPage(c, frame, { title, body: queryPage({ query, texts, isStaff, ...shown }), ...(status && { status }) });
  if (faults.length > 0) return send({ faults }, 400);
  try {
    return await send({ faults: [], result: await runSql(sql, query.sql, valuesOf(query, values)) });
  } catch (error) {
    const { status, heading } = refusalOf(c, error, error instanceof Error ? error.message : "The query was not run");
    return send({ faults: [], failure: heading }, status === 503 ? 503 : 422);
  }
}

type QueryParams = z.output<typeof queryParam>;

/** Adds the forms by which staff shares and deletes saved queries. */
export function addQueryActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const { db } = deps;
  const guard = guards(deps.auth);
  const section = {
    ...{ frame, tag: "properties pages" },
    guards: {
      page: guard.staff("properties:write"),
      form: guard.staff("properties:write", csrfProtection(deps.auth)),
    },
  };
  const add = (action: Omit<PageAction<typeof queryParam, AccountEnv>, "params" | "back">) =>
    addPageAction(app, section, {
      ...action,
      params: queryParam,
      back: ({ query }) => ({ label: query, href: queryPath(query) }),
    });
  const share = async (c: Context<AccountEnv>, { query: name }: QueryParams, isPublic: boolean) => {
    const query = await savedQuery(db, name, true);
    await saveQuery(db, { ...query, public: isPublic }, c.var.account.username);
    deps.sql.publicQueries.renew();
    return { to: queryPath(name), notice: "saved" as const };
  };
  const mustExist = async ({ query }: QueryParams, text: string) => {
    await savedQuery(db, query, true);
    return text;
  };

  add({
    path: "/queries/{query}/actions/share",
    summary: "Share a saved query",
    description: "Every account may run it from then on. Redirects to its page.",
    title: ({ query }) => `Share ${query}?`,
    text: (of) => mustExist(of, "Every account may run it, and sees what it selects, also of hidden properties."),
    label: "Share",
    run: (c, of) => share(c, of, true),
  });
  add({
    path: "/queries/{query}/actions/unshare",
    summary: "Share a saved query no more",
    description: "Only staff may run it from then on. Redirects to its page.",
    title: ({ query }) => `Share ${query} no more?`,
    text: (of) => mustExist(of, "Only staff may run it from then on."),
    label: "Share it no more",
    run: (c, of) => share(c, of, false),
  });
  add({
    path: "/queries/{query}/actions/delete",
    summary: "Delete a saved query",
    description: "Redirects to the saved queries.",
    title: ({ query }) => `Delete ${query}?`,
    text: (of) => mustExist(of, "This cannot be undone. The tables stay as they are."),
    label: "Delete",
    danger: true,
    async run(_, { query }) {
      await removeQuery(db, deps.sql, query);
      return { to: queriesPath, notice: "deleted" };
    },
  });
}

/** The context of a page whose guard requires an account. */
export function withAccount(c: Context<MaybeAccountEnv>): Context<AccountEnv> {
  return c as unknown as Context<AccountEnv>;
}
