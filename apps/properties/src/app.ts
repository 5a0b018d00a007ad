import type { OpenAPIHono } from "@hono/zod-openapi";
import { signedInAs } from "@quintet/auth";
import { createService, lazy, openApiDocument, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { checkListings } from "./listings/build.ts";
import { propertiesFrame } from "./pages/frame.ts";
import type { PublicQueries } from "./queries/public-queries.ts";
import type { SavedQuery } from "./queries/saved-query.ts";
import { withTypedOperations } from "./queries/typed-operations.ts";
import { addEditingRoutes } from "./routes/editing.ts";
import { addLikeRoutes } from "./routes/likes.ts";
import { addListingRoutes } from "./routes/listings.ts";
import { addPriceRoutes } from "./routes/prices.ts";
import { addPropertyActions } from "./routes/property-actions.ts";
import { addComparePage } from "./routes/property-pages.ts";
import { addQueryRoutes } from "./routes/queries.ts";
import { addQueryActions } from "./routes/query-pages.ts";
import { addSavedSearchActions } from "./routes/saved-search-pages.ts";
import { addSavedSearchRoutes } from "./routes/saved-searches.ts";
import { addSqlRoutes } from "./routes/sql.ts";
import { addSqlPages } from "./routes/sql-pages.ts";

const tags = {
  likes: "The properties that an account likes",
  properties: "Real-estate listings with their current status",
  "properties pages": "The pages and forms by which people use them in a browser",
  SQL: "Read-only SQL of staff, and saved queries",
  "saved searches": "Searches that an account keeps, and their new results",
  "status history": "The changes of a property's status",
};

/** The listings at `/properties`. Opens no port and reads no environment. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const frame = propertiesFrame(signedInAs(deps.auth));
  const { title, version } = deps.service;
  const ownDocument = lazy(() => openApiDocument(app, { title, version, tags }));
  const checks = { ...deps.service.checks, listings: () => checkListings(deps.db) };
  const app = createService({
    ...deps.service,
    frame,
    checks,
    document: withSavedQueries(ownDocument, deps.sql.publicQueries),
  });
  deps.indexing.start();
  deps.records.start();
  deps.likeRecount.start();
  deps.comparison.start();
  deps.notifications.start();
  addLikeRoutes(app, deps, frame); // First, so that /liked is not matched as an id; likewise /searches and /queries.
  addSavedSearchRoutes(app, deps, frame);
  addSavedSearchActions(app, deps, frame);
  addSqlRoutes(app, deps);
  addQueryRoutes(app, deps, frame);
  addSqlPages(app, deps, frame);
  addQueryActions(app, deps, frame);
  addComparePage(app, deps, frame);
  addPropertyActions(app, deps, frame);
  addPriceRoutes(app, deps, frame);
  addListingRoutes(app, deps, frame);
  addEditingRoutes(app, deps);
  return app;
}

/** The document with the public saved queries; it stays the same object while they are the same. */
function withSavedQueries(own: () => Promise<object>, publicQueries: PublicQueries): () => Promise<object> {
  let made: { of: readonly SavedQuery[]; document: object } | undefined;
  return async () => {
    const [document, queries] = await Promise.all([own(), publicQueries.list()]);
    if (made?.of !== queries) made = { of: queries, document: withTypedOperations(document as never, queries) };
    return made.document;
  };
}

/** The types of the app's operations, for the typed client. */
export type PropertiesApi = ReturnType<
  | typeof addPriceRoutes
  | typeof addLikeRoutes
  | typeof addListingRoutes
  | typeof addEditingRoutes
  | typeof addSqlRoutes
  | typeof addQueryRoutes
  | typeof addSavedSearchRoutes
>;
