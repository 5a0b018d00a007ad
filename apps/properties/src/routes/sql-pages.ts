import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import {
  type Parameter,
  parameterTypes,
  readTyped,
  requireNone,
  savedSqlName,
  savedSqlNameRule,
  statementOf,
  type TypedValue,
} from "@quintet/db";
import {
  errorPageResponse,
  formBody,
  htmlContent,
  type InputFault,
  Problem,
  readFormText,
  type ServiceEnv,
} from "@quintet/http";
import { leaveNotice, type PageFrame, refusalOf, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { queryPath } from "../pages/frame.ts";
import { emptySql, type SqlParameter, type SqlShown, type SqlTexts, sqlPage } from "../pages/sql-page.ts";
import { explainSql, explains, runSql } from "../queries/run-sql.ts";
import { savedQuery, storeQuery } from "../queries/saved-queries.ts";
import { queryBody } from "./sql-schemas.ts";

const tag = "properties pages";
const runForm = z
  .object({
    sql: z.string().openapi({ description: "The statement" }),
    do: z.enum(["run", "explain", "save"]).default("run").openapi({ description: "What to do with it" }),
    name: z.string().default("").openapi({ description: "The name of the query that is saved" }),
    description: z.string().default("").openapi({ description: "What the query is" }),
    public: z.string().default("").openapi({ description: "`true`: every account may run the query" }),
  })
  .catchall(z.string().openapi({ description: "`value.city` and `type.city`: the value of `:city` and its type" }));

/** Adds the page on which staff runs, explains and saves SQL. */
export function addSqlPages(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const guard = guards(deps.auth);
  const { reader } = deps.sql;
  const again = errorPageResponse("The form with its errors; the input is kept");
  const send = async (c: Context<AccountEnv>, shown: Omit<SqlShown, "tables">, status?: 422 | 503) => {
    const body = sqlPage({ ...shown, tables: await reader.readable() });
    return sendPage(c, frame, { title: "SQL", body, scripts: ["sql-editor.js"], ...(status && { status }) });
  };

  app.openapi(
    createRoute({
      ...guard.staff("properties:write"),
      method: "get",
      path: "/sql",
      tags: [tag],
      summary: "Page: run SQL",
      description: "The editor, with a saved query if one is named.",
      request: {
        query: z.strictObject({ query: z.string().optional().openapi({ description: "Name of a saved query" }) }),
      },
      responses: { 200: { description: "The page", content: htmlContent } },
    }),
    async (c) => {
      const { query: name } = c.req.valid("query");
      if (name === undefined) return send(c, { texts: emptySql });
      const query = await savedQuery(deps.db, name, true).catch(ifMissing);
      if (!query) return send(c, { texts: emptySql, hint: "There is no saved query with that name." });
      const { sql, params, description, public: isPublic } = query;
      const parameters = params.map((each) => ({ name: each.name, type: each.type, value: each.default ?? "" }));
      return send(c, { texts: { sql, parameters, name: query.name, description, isPublic } });
    },
  );
  app.openapi(
    createRoute({
      ...guard.staff("properties:write", csrfProtection(deps.auth)),
      method: "post",
      path: "/sql/run",
      tags: [tag],
      summary: "Run SQL by form",
      description: "Runs a statement, shows its plan, or saves it and redirects to the page of the query.",
      request: { query: z.strictObject({}), ...formBody(runForm) },
      responses: {
        200: { description: "The page with the rows or the plan", content: htmlContent },
        303: { description: "Saved; the page of the query is in Location" },
        422: again,
      },
    }),
    async (context) => {
      const c = context as unknown as Context<AccountEnv>;
      const form = readFormText(await c.req.text());
      let texts: SqlTexts = { ...formTexts(form), parameters: [] };
      try {
        const { parameters: names } = statementOf(texts.sql, "sql", { explain: true });
        texts = { ...texts, parameters: names.map((name) => parameterIn(form, name)) };
        if (names.some((name) => !form.has(`type.${name}`))) {
          return await send(c, { texts, hint: "The statement has parameters: give them values and run it." });
        }
        if (form.get("do") === "save") return await save(c, texts);
        const values = typedValues(texts.parameters);
        const began = performance.now();
        const ms = () => Math.round((performance.now() - began) * 10) / 10;
        if (form.get("do") === "explain" || explains(texts.sql)) {
          const plan = await explainSql(reader, texts.sql, values);
          return await send(c, { texts, plan: { plan, ms: ms() } });
        }
        const result = await runSql(deps.sql, texts.sql, values);
        return await send(c, { texts, result: { ...result, ms: ms() } });
      } catch (error) {
        const { status, ...refusal } = refusalOf(c, error, "The statement was not run");
        return send(c, { texts, refusal }, status === 503 ? 503 : 422);
      }
    },
  );

  async function save(c: Context<AccountEnv>, texts: SqlTexts): Promise<Response> {
    const { name, description, sql, isPublic, parameters } = texts;
    const body = queryBody.safeParse({ sql, description, public: isPublic });
    const faults: InputFault[] = [];
    if (!savedSqlName.test(name)) faults.push({ path: "name", message: savedSqlNameRule });
    for (const issue of body.error?.issues ?? []) faults.push({ path: issue.path.join("."), message: issue.message });
    requireNone(faults);
    const before = await savedQuery(deps.db, name, true).catch(ifMissing);
    const draft = { name, description, sql, public: isPublic, params: parametersFor(parameters, before?.params ?? []) };
    await storeQuery(deps.db, deps.sql, draft, c.var.account.username);
    leaveNotice(c, "saved");
    return c.redirect(queryPath(name), 303);
  }
}

function formTexts(form: URLSearchParams): Omit<SqlTexts, "parameters"> {
  const text = (name: string) => form.get(name) ?? "";
  return {
    sql: text("sql").replaceAll("\r\n", "\n"),
    name: text("name").trim(),
    description: text("description").trim(),
    isPublic: form.get("public") === "true",
  };
}

function parameterIn(form: URLSearchParams, name: string): SqlParameter {
  const type = parameterTypes.find((one) => one === form.get(`type.${name}`)) ?? "string";
  return { name, type, value: form.get(`value.${name}`) ?? "" };
}

/** The values as they are bound; an empty one is NULL where it is no text. Throws a 422 that names those that do not fit. */
function typedValues(parameters: readonly SqlParameter[]): Map<string, TypedValue> {
  const faults: InputFault[] = [];
  const values = new Map<string, TypedValue>();
  for (const { name, type, value } of parameters) {
    try {
      values.set(name, value === "" && type !== "string" ? { type, bound: null } : readTyped(type, value));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      faults.push({ path: `:${name}`, message: error.message });
    }
  }
  requireNone(faults);
  return values;
}

/** The parameters of a saved query: those that it had keep their rules, unless their type is another one now. */
function parametersFor(given: readonly SqlParameter[], before: readonly Parameter[]): Parameter[] {
  return given.map(({ name, type, value }) => {
    const plain: Parameter = { name, type, required: true };
    const rules = before.find((one) => one.name === name && one.type === type) ?? plain;
    const { default: _, ...others } = rules;
    return { ...others, ...(value === "" ? {} : { default: value, required: false }) };
  });
}

function ifMissing(error: unknown): undefined {
  if (!(error instanceof Problem) || error.code !== "not-found") throw error;
}
