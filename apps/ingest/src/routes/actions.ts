import type { OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import type { ServiceEnv } from "@quintet/http";
import { addPageAction, type PageAction, type PageFrame } from "@quintet/pages";
import type { Deps } from "../deps.ts";

/** The tag of the operations that only browsers use. */
export const pageTag = "ingest pages";

/** Adds the page of something that staff does by a form, and what the form does. */
export function addAction<P extends z.ZodObject>(
  app: OpenAPIHono<ServiceEnv>,
  { auth }: Pick<Deps, "auth">,
  frame: PageFrame,
  action: PageAction<P, AccountEnv>,
): void {
  const guard = guards(auth);
  const pair = { page: guard.staff("ingest:write"), form: guard.staff("ingest:write", csrfProtection(auth)) };
  addPageAction(app, { frame, tag: pageTag, guards: pair }, action);
}
