import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, idempotent, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import { createBackupSet } from "../backups/create-set.ts";
import { type RestoreDeps, restoreSet } from "../backups/restore-set.ts";
import type { Deps } from "../deps.ts";
import { restoredSetSchema, restoreSetOptions, setSchema } from "./backup-schemas.ts";

/** What restores of sets need. */
export function restoreDeps({ loads, backups, tables }: Deps): RestoreDeps {
  return { store: loads.bulk, storage: backups, tables };
}

/** Adds the routes that create and restore backups of all tables. */
export function addBackupSetRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.staff("ingest:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/backups",
        tags: ["ingest"],
        summary: "Create backups of all tables",
        description:
          "Staff only. Writes all tables from one snapshot, so that the backups fit together. 409: a table was changed meanwhile, and " +
          "nothing was kept.",
        request: noQuery,
        responses: { 201: jsonResponse(setSchema, "Backups created") },
      }),
      async (c) => c.json(await createBackupSet(deps.bulk, deps.backups, c.var.keyed), 201),
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/restore",
        tags: ["ingest"],
        summary: "Restore all tables of a set",
        description:
          "Staff only. Every table of the set becomes its backup, in one transaction: all of them or none. Tables that are not in the set " +
          "stay as they are. Restores the latest complete set by default. All files are checked before anything is changed. `dryRun` does " +
          "all of it and takes it back.",
        request: {
          ...noQuery,
          body: { required: false, content: { "application/json": { schema: restoreSetOptions } } },
        },
        responses: {
          200: jsonResponse(restoredSetSchema, "Tables restored"),
          404: errorResponse("There is no such set"),
          409: errorResponse(
            "A table was deleted or its backup does not fit it, is damaged or was deleted, or references would break: `errors` names each of " +
              "them, and nothing was changed; or a request with this Idempotency-Key is in flight",
          ),
        },
      }),
      async (c) => {
        const { set, dryRun = false, timestamp } = c.req.valid("json");
        const choice = set === undefined ? { timestamp } : { set };
        return c.json(await restoreSet(restoreDeps(deps), choice, { dryRun, request: c.var.keyed }), 200);
      },
    );
}
