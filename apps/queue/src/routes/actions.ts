import type { OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import type { ServiceEnv } from "@quintet/http";
import { addPageAction, type PageAction, type PageFrame } from "@quintet/pages";

/** Something that is done by a form on a page of its own, by accounts with a scope. */
export interface Action<P extends z.ZodObject> extends PageAction<P, AccountEnv> {
  scope: "queue:send" | "queue:receive" | "queue:manage" | "all";
  staffOnly?: boolean;
}

/** Adds the page of an action and what its form does. */
export function addAction<P extends z.ZodObject>(
  app: OpenAPIHono<ServiceEnv>,
  { auth, frame }: { auth: Parameters<typeof guards>[0]; frame: PageFrame },
  { scope, staffOnly = false, ...action }: Action<P>,
): void {
  const guard = guards(auth);
  const csrf = csrfProtection(auth);
  const pair = staffOnly
    ? { page: guard.staff(scope), form: guard.staff(scope, csrf) }
    : { page: guard.account(scope), form: guard.manager(scope, csrf) };
  addPageAction(app, { frame, tag: "queue pages", guards: pair }, action);
}
