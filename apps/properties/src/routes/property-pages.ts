import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AccountEnv, MaybeAccountEnv } from "@quintet/auth";
import { htmlContent, Problem, type ServiceEnv, wholeNumber } from "@quintet/http";
import { nextPage, type PageFrame, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import type { Database } from "../database.ts";
import type { Deps } from "../deps.ts";
import { readLiked, withLikes } from "../likes/likes.ts";
import { comparePage } from "../pages/compare-page.ts";
import { likedPath } from "../pages/frame.ts";
import { likedPage } from "../pages/list-pages.ts";
import { hasMap, mapFiles } from "../pages/map.ts";
import { maxCompared } from "../pages/property-cards.ts";
import { nearbyKm, propertyPage } from "../pages/property-page.ts";
import { titleOf } from "../pages/property-texts.ts";
import { readPrices } from "../properties/prices.ts";
import { readProperty } from "../properties/properties.ts";
import type { Property } from "../properties/property.ts";
import { readHistory } from "../properties/status-history.ts";
import { isVisible } from "../properties/statuses.ts";
import { areaOf } from "../search/places.ts";
import { searchProperties } from "../search/search.ts";
import { dateCursor, datePosition } from "./cursors.ts";
import { nobody, readers } from "./pages.ts";
import { idParam } from "./schemas.ts";

/** Properties around another one on its page. */
const shownNearby = 6;

/** Entries of a history on the page of a property. */
const shownEntries = 50;

/** Sends the page of the property in the path. */
export async function sendPropertyPage(
  c: Context<MaybeAccountEnv>,
  { db, mapTiles: tiles }: Pick<Deps, "db" | "mapTiles">,
  frame: PageFrame,
): Promise<Response | undefined> {
  const params = idParam.safeParse(c.req.param());
  if (!params.success) return undefined;
  const { id } = params.data;
  const { account } = c.var;
  const isStaff = account?.isStaff === true;
  const found = await readProperty(db, id, isStaff);
  const [[property], { history, more }, priced, nearby] = await Promise.all([
    withLikes(db, account?.id ?? nobody, [found]),
    readHistory(db, id, { limit: shownEntries }),
    readPrices(db, id, { seesAll: isStaff, limit: shownEntries }),
    readNearby(db, found),
  ]);
  if (!property) throw new Error(`Property ${id} has lost its likes.`);
  const body = propertyPage({
    property,
    // What was before a property was on offer is for staff.
    history: isStaff ? history : history.filter(({ status }) => isVisible(status)),
    more: more && isStaff,
    isPublic: found.withdrawnAt === undefined && isVisible(found.status),
    prices: priced.prices,
    morePrices: priced.more,
    isStaff,
    nearby,
    tiles,
  });
  const files = hasMap([property]) ? mapFiles(tiles) : {};
  return sendPage(c, frame, { title: titleOf(property), body, ...files });
}

/** The next properties around a property, nearest first; none where it has no place, and while no search is possible. */
async function readNearby(db: Database, { id, lat, lon }: Property): Promise<Property[]> {
  if (lat === undefined || lon === undefined || !hasMap([{ lat, lon }])) return [];
  const around = {
    cities: [],
    statuses: [],
    types: [],
    words: [],
    place: areaOf({ lat, lon, km: nearbyKm }, undefined),
  };
  const found = await searchProperties(db, { ...around, sort: "distance" }, shownNearby + 1).catch((error: unknown) => {
    if (!(error instanceof Problem)) throw error;
    return undefined;
  });
  return (found?.properties ?? []).filter((one) => one.id !== id).slice(0, shownNearby);
}

const likedInput = z.object({ cursor: z.string().max(500).optional() });

/** Sends the page of the properties that the account likes. */
export async function sendLikedPage(
  c: Context<AccountEnv>,
  { db, cursorKey }: Pick<Deps, "db" | "cursorKey">,
  frame: PageFrame,
): Promise<Response | undefined> {
  const query = likedInput.strict().safeParse(c.req.query());
  if (!query.success) return undefined;
  const { cursor } = query.data;
  const after = cursor === undefined ? undefined : datePosition(cursorKey, "liked", cursor);
  const { properties, end } = await readLiked(db, c.var.account.id, { limit: 24, after });
  const next = nextPage(c, end ? dateCursor(cursorKey, "liked", end) : null);
  const body = likedPage(properties, { first: after ? likedPath : undefined, next });
  return sendPage(c, frame, { title: "Liked properties", body });
}

const ids = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((given = []) => [given].flat())
  .pipe(z.array(wholeNumber(0, Number.MAX_SAFE_INTEGER)).max(100, "must be given 100 times or fewer"));

/** Adds the page that compares properties. */
export function addComparePage(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  app.openapi(
    createRoute({
      ...readers(deps)("properties:read"),
      method: "get",
      path: "/compare",
      tags: ["properties pages"],
      summary: "Page: compare properties",
      description: `Shows up to ${maxCompared} visible properties side by side.`,
      request: {
        query: z.strictObject({
          id: ids.openapi({
            param: { name: "id", in: "query", required: false },
            type: "array",
            items: { type: "integer" },
            description: "The id of a property; repeat it for several",
          }),
        }),
      },
      responses: { 200: { description: "The page", content: htmlContent } },
    }),
    async (c) => {
      const chosen = [...new Set(c.req.valid("query").id)];
      const shown = chosen.slice(0, maxCompared);
      const found = await Promise.all(shown.map((id) => readProperty(deps.db, id, false).catch(ifMissing)));
      const account = (c as unknown as Context<MaybeAccountEnv>).var.account?.id ?? nobody;
      const properties = await withLikes(
        deps.db,
        account,
        found.filter((one) => one !== undefined),
      );
      const missing = shown.filter((_, at) => found[at] === undefined);
      const body = comparePage({ properties, missing, left: chosen.length - shown.length });
      return sendPage(c, frame, { title: "Compare", body });
    },
  );
}

function ifMissing(error: unknown): undefined {
  if (!(error instanceof Problem) || error.code !== "not-found") throw error;
}
