import { createRoute, z } from "@hono/zod-openapi";
import { type Auth, csrfProtection, guards, signedInAs } from "@quintet/auth";
import { createLogger, createService, formBody, htmlContent, jsonResponse } from "@quintet/http";
import { page, pageFrame } from "@quintet/pages";
import { html } from "hono/html";

/** An app that has nothing of accounts but guards: one page for everybody, one for accounts, one for staff, and a form. */
export function shopApp(auth: Auth) {
  const log = createLogger({ service: "shop", level: "silent" });
  const frame = pageFrame({ prefix: "/shop", name: "Shop", home: "/shop/open", signedInAs: signedInAs(auth) });
  const info = { title: "Shop", version: "1", prefix: "/shop", frame };
  const app = createService({ ...info, log, corsOrigins: ["*"], checks: {} });
  const guard = guards(auth);
  const request = { query: z.strictObject({ a: z.string().optional() }) };
  const responses = { 200: { description: "A page", content: { "text/html": { schema: z.string() } } } };
  for (const [path, guarded] of [
    ["/open", guard.anyone("social:read")],
    ["/own", guard.account("social:read")],
    ["/staff", guard.staff("social:read")],
  ] as const) {
    app.openapi(createRoute({ ...guarded, method: "get", path, request, responses }), async (c) =>
      c.html(await page(c, frame, { title: "Page", body: html`<h1>${path}</h1>` })),
    );
  }
  const boughtAnswer = jsonResponse(z.object({ by: z.string(), what: z.string() }), "What was bought");
  app.openapi(
    createRoute({
      ...guard.account("social:write", csrfProtection(auth)),
      method: "post",
      path: "/own",
      request: { ...request, ...formBody(z.strictObject({ what: z.string() })) },
      responses: { 200: { ...boughtAnswer, content: { ...boughtAnswer.content, ...htmlContent } } },
    }),
    (c) => c.json({ by: c.var.account.username, what: c.req.valid("form").what }, 200),
  );
  return app;
}
