import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  decodeCursor,
  encodeCursor,
  errorResponse,
  htmlContent,
  idempotent,
  jsonBody,
  jsonResponse,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import type { SavedSearch } from "../saved-searches/saved-search.ts";
import {
  changeSearch,
  countNew,
  pageOfSearches,
  readResults,
  readSearchOf,
  removeSearch,
  saveSearch,
  searchOf,
} from "../saved-searches/saved-searches.ts";
import { searchCursor, searchPosition } from "./cursors.ts";
import { asPage, nobody } from "./pages.ts";
import { withAccount } from "./query-pages.ts";
import { notAcceptable, onlyJson } from "./responses.ts";
import { sendSavedSearchesPage, toSearchOnPage } from "./saved-search-pages.ts";
import {
  newSearchSchema,
  readSearch,
  resultsQuery,
  savedResultsSchema,
  savedSearchesSchema,
  savedSearchParam,
  savedSearchSchema,
  searchChangesSchema,
  searchesPosition,
  searchListQuery,
  toSearchBody,
} from "./saved-search-schemas.ts";
import { withFields } from "./search-fields.ts";
import { fieldNames } from "./search-schemas.ts";

const tags = ["saved searches"];

/** Adds the routes of the searches that an account keeps. */
export function addSavedSearchRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const { db, cursorKey, savedSearches } = deps;
  const { toWatch, max } = savedSearches;
  const bodyOf = async (search: SavedSearch) =>
    toSearchBody(search, (await countNew(db, toWatch, [search])).get(search.id));

  return app
    .openapi(
      createRoute({
        ...guard.account(
          "properties:read",
          asPage((c) => sendSavedSearchesPage(withAccount(c), deps, frame)),
          onlyJson,
        ),
        method: "get",
        path: "/searches",
        tags,
        summary: "List saved searches",
        description:
          "The searches that the account keeps, the latest first, with the number of new results of each. `Accept: text/html` gets a page.",
        request: { query: searchListQuery },
        responses: {
          200: {
            description: "A page of saved searches",
            content: { ...jsonResponse(savedSearchesSchema, "").content, ...htmlContent },
          },
          406: notAcceptable,
        },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const before = decodeCursor(cursorKey, cursor, searchesPosition)?.[1];
        const { searches, end } = await pageOfSearches(db, c.var.account.id, { before, limit });
        const results = await countNew(db, toWatch, searches);
        const nextCursor = end === undefined ? null : encodeCursor(cursorKey, ["searches", end]);
        return c.json({ searches: searches.map((one) => toSearchBody(one, results.get(one.id))), nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:like", idempotent(deps.idempotency)),
        method: "post",
        path: "/searches",
        tags,
        summary: "Save a search",
        description:
          "Keeps a search for the account, which alone sees it. With `notify` a message is sent to the queue of the installation, if it has one, " +
          "when properties newly match.",
        request: { ...noQuery, ...jsonBody(newSearchSchema) },
        responses: {
          201: jsonResponse(savedSearchSchema, "Search saved; its URL is in `Location`"),
          409: errorResponse(
            "The account keeps as many searches as it may, or a request with this Idempotency-Key is in flight",
          ),
        },
      }),
      async (c) => {
        const { name, search: query, notify } = c.req.valid("json");
        searchOf(query, readSearch);
        const draft = { name, query, notify };
        const saved = await saveSearch(db, c.var.account.id, { draft, max, request: c.var.keyed });
        c.header("Location", `/properties/searches/${saved.id}`);
        return c.json(toSearchBody(saved, { count: 0, isExact: true }), 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account(
          "properties:read",
          asPage((c) => toSearchOnPage(withAccount(c), deps, false)),
          onlyJson,
        ),
        method: "get",
        path: "/searches/{id}",
        tags,
        summary: "Get a saved search",
        description:
          "A search that the account keeps, with the number of its new results. A browser is sent to the search.",
        request: { params: savedSearchParam, ...noQuery },
        responses: { 200: jsonResponse(savedSearchSchema, "The saved search"), 406: notAcceptable },
      }),
      async (c) => {
        const owned = { account: c.var.account.id, id: c.req.valid("param").id };
        return c.json(await bodyOf(await readSearchOf(db, owned)), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:like"),
        method: "patch",
        path: "/searches/{id}",
        tags,
        summary: "Change a saved search",
        description: "Changes its name, its search, whether it notifies, or when its results were looked at.",
        request: { params: savedSearchParam, ...noQuery, ...jsonBody(searchChangesSchema) },
        responses: { 200: jsonResponse(savedSearchSchema, "Saved search changed") },
      }),
      async (c) => {
        const { search: query, ...changes } = c.req.valid("json");
        if (query !== undefined) searchOf(query, readSearch);
        const owned = { account: c.var.account.id, id: c.req.valid("param").id };
        return c.json(await bodyOf(await changeSearch(db, owned, { ...changes, query })), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:like"),
        method: "delete",
        path: "/searches/{id}",
        tags,
        summary: "Delete a saved search",
        description: "Deletes it, and what was not sent of it yet.",
        request: { params: savedSearchParam, ...noQuery },
        responses: { 204: { description: "Saved search deleted" } },
      }),
      async (c) => {
        await removeSearch(db, { account: c.var.account.id, id: c.req.valid("param").id });
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account(
          "properties:read",
          asPage((c) => toSearchOnPage(withAccount(c), deps, true)),
          onlyJson,
        ),
        method: "get",
        path: "/searches/{id}/results",
        tags,
        summary: "Get the results of a saved search",
        description:
          "The results as they are now; with `new=true` those that became visible since `lookedAt`. Reading them does not change `lookedAt`: " +
          "set it to `asOf` when they are dealt with. Without results the list is empty. A browser is sent to the search.",
        request: { params: savedSearchParam, query: resultsQuery },
        responses: {
          200: jsonResponse(savedResultsSchema, "A page of results"),
          406: notAcceptable,
          422: errorResponse("The search is not valid any more, or no index serves it; `detail` says why"),
        },
      }),
      async (c) => {
        const { new: onlyNew, limit, cursor } = c.req.valid("query");
        const account = c.var.account.id;
        const saved = await readSearchOf(db, { account, id: c.req.valid("param").id });
        const search = searchOf(saved.query, readSearch);
        const after = cursor === undefined ? undefined : searchPosition(cursorKey, search.sort, cursor);
        const since = onlyNew ? saved.lookedAt : undefined;
        const { properties, end, asOf } = await readResults(db, search, { since, after, limit });
        const nextCursor = end ? searchCursor(cursorKey, search.sort, end) : null;
        const shown = (await withFields(db, nobody, properties, [...fieldNames])) as typeof properties;
        return c.json({ status: "success" as const, properties: shown, nextCursor, asOf: asOf.toISOString() }, 200);
      },
    );
}
