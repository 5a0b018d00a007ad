import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { MaybeAccountEnv } from "@quintet/auth";
import { errorResponse, htmlContent, inputFaults, jsonResponse, limitParam, type ServiceEnv } from "@quintet/http";
import { type PageFrame, type Refusal, refusalOf, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { statisticsPath } from "../pages/frame.ts";
import { parametersOf, tidyQuery } from "../pages/page-query.ts";
import { statisticsPage } from "../pages/statistics-page.ts";
import { readPrices } from "../properties/prices.ts";
import { maxCities } from "../search/search-statements.ts";
import {
  type Grouping,
  groupings,
  maxGroups,
  type PriceStatistics,
  priceStatistics,
  type StatisticsRequest,
} from "../search/statistics.ts";
import { priceCursor, pricePosition } from "./cursors.ts";
import { asPage, readers } from "./pages.ts";
import { notAcceptable, notModified, onlyJson, sendTagged } from "./responses.ts";
import { cursor, idParam, line, nextCursor, success } from "./schemas.ts";
import { listOf, rangeOf, repeated, statuses, yearRange } from "./search-schemas.ts";

const pricesQuery = z.strictObject({
  limit: limitParam(20).openapi({ type: "integer", description: "Max prices per page" }),
  cursor,
});

const priceHistorySchema = z
  .object({
    status: success,
    prices: z
      .array(
        z
          .object({
            price: z.number().nullable().openapi({ description: "The price in Colombian pesos" }),
            since: z.iso.datetime().nullable().openapi({
              description: "When it was first seen, in UTC; null if it was there before the changes were noted",
            }),
          })
          .openapi("SeenPrice"),
      )
      .openapi({ description: "The prices of this page, latest first" }),
    nextCursor,
  })
  .openapi("PriceHistory");

const statisticsQuery = z
  .strictObject({
    by: listOf(groupings).openapi({
      type: "string",
      description: `What the properties are grouped by, separated by commas: ${groupings.join(", ")}; default: city`,
      example: "city,year",
    }),
    city: repeated(line(80), maxCities).openapi({
      param: { name: "city", in: "query", required: false },
      type: "array",
      items: { type: "string" },
      maxItems: maxCities,
      description: `Only this city; repeat it for up to ${maxCities} cities`,
    }),
    status: statuses,
    ...yearRange,
  })
  .refine(({ minYear = 0, maxYear = 9999 }) => minYear <= maxYear, {
    path: ["minYear"],
    error: "must not be greater than maxYear",
  });

const amount = (description: string) => z.number().openapi({ description });

const statisticsSchema = z
  .object({
    status: success,
    statistics: z
      .array(
        z
          .object({
            city: z.string().optional().openapi({ description: "The city, with `by=city`" }),
            year: z.number().int().optional().openapi({ description: "The year of construction, with `by=year`" }),
            count: z.number().int().openapi({ description: "The number of properties with a price" }),
            min: amount("The lowest price"),
            lowerQuartile: amount("The price that a quarter of them do not exceed"),
            median: amount("The price that half of them do not exceed"),
            upperQuartile: amount("The price that three quarters of them do not exceed"),
            max: amount("The highest price"),
          })
          .openapi("PriceStatistics"),
      )
      .openapi({ description: `The groups in their order, at most ${maxGroups}` }),
  })
  .openapi("PricesByGroup");

/** Adds the routes of price histories and statistics; before those of ids, so that `/statistics` is not matched as one. */
export function addPriceRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const read = readers(deps);
  const { db, cursorKey } = deps;

  return app
    .openapi(
      createRoute({
        ...read(
          "properties:read",
          asPage((c) => sendStatisticsPage(c, deps, frame)),
          onlyJson,
        ),
        method: "get",
        path: "/statistics",
        tags: ["properties"],
        summary: "Get price statistics",
        description:
          "Count, median and quartiles of the prices of visible properties by city, year or both; a quartile between two prices is interpolated. " +
          "`Accept: text/html` gets a page. With `PUBLIC_LISTINGS=true` no account is needed.",
        request: { query: statisticsQuery },
        responses: {
          200: {
            description: "The statistics",
            content: { ...jsonResponse(statisticsSchema, "").content, ...htmlContent },
          },
          304: notModified,
          406: notAcceptable,
          422: errorResponse("Too many properties or groups; `detail` says how to narrow them"),
        },
      }),
      async (c) => {
        const statistics = await priceStatistics(db, requestOf(c.req.valid("query")));
        return sendTagged(c, { status: "success", statistics });
      },
    )
    .openapi(
      createRoute({
        ...read("properties:read", onlyJson),
        method: "get",
        path: "/{id}/prices",
        tags: ["properties"],
        summary: "Get the price history",
        description:
          "Lists the prices of a property, latest first. A change by another program is dated when it was noticed, which is here at the latest. " +
          "With `PUBLIC_LISTINGS=true` no account is needed for visible ones.",
        request: { params: idParam, query: pricesQuery },
        responses: {
          200: jsonResponse(priceHistorySchema, "A page of the prices"),
          304: notModified,
          406: notAcceptable,
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const { limit, cursor } = c.req.valid("query");
        const after = cursor === undefined ? undefined : pricePosition(cursorKey, id, cursor);
        const seesAll = c.var.account?.isStaff === true;
        const { prices, more } = await readPrices(db, id, { seesAll, limit, after });
        const last = prices.at(-1);
        const shown = prices.map(({ price, since }) => ({ price, since: since?.toISOString() ?? null }));
        const next = more && last ? priceCursor(cursorKey, id, last.id) : null;
        return sendTagged(c, { status: "success", prices: shown, nextCursor: next });
      },
    );
}

function requestOf(query: z.output<typeof statisticsQuery>): StatisticsRequest {
  const { by = ["city"], city, status, minYear, maxYear } = query;
  return { by, cities: city, statuses: status, year: rangeOf(minYear, maxYear) };
}

/** Sends the statistics as a page, whose form keeps what was given when that is not possible. */
async function sendStatisticsPage(
  c: Context<MaybeAccountEnv>,
  { db }: Pick<Deps, "db">,
  frame: PageFrame,
): Promise<Response> {
  const given = new URL(c.req.url).searchParams;
  const query = tidyQuery(given);
  if (query.toString() !== given.toString()) return c.redirect(`${statisticsPath}?${query}`.replace(/\?$/, ""), 303);
  const send = (
    shown: { by?: Grouping[]; statistics?: PriceStatistics[]; refusal?: Refusal },
    status?: ReturnType<typeof refusalOf>["status"],
  ) =>
    sendPage(c, frame, {
      title: "Prices",
      body: statisticsPage({ query, by: [], ...shown }),
      ...(status && { status }),
    });
  const parsed = statisticsQuery.safeParse(parametersOf(query));
  if (!parsed.success) {
    return send({ refusal: { heading: "These prices cannot be shown", faults: inputFaults(parsed.error) } }, 400);
  }
  const request = requestOf(parsed.data);
  try {
    return await send({ by: request.by, statistics: await priceStatistics(db, request) });
  } catch (error) {
    const { status, ...refusal } = refusalOf(c, error, "These prices cannot be shown");
    return send({ refusal }, status);
  }
}
