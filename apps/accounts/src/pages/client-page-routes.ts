import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { csrfProtection, guards } from "@quintet/auth";
import { errorPageResponse, type InputFault, inputFaults, noQuery, Problem, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import { actorOf } from "../audit/actor.ts";
import { newClientSchema } from "../clients/new-client.ts";
import type { LocalAuth } from "../local-auth.ts";
import type { Browser } from "./browser.ts";
import { clientPage, newClientPage } from "./client-pages.ts";
import { type Refusal, readForm, refusalOf } from "./form.ts";
import { onward, pageAnswer, refusedForm, showPage } from "./section.ts";

const tags = ["accounts: pages"];
const params = z.strictObject({
  id: z.uuid("must be a client's id").openapi({ description: "The id of the API client" }),
});
const kinds = new Map([
  ["confidential", true],
  ["public", false],
]);

/** An input error in words that fit the form, where scopes are checkboxes and not text. */
function inWords(fault: InputFault): InputFault {
  return fault.path === "scope" ? { ...fault, message: "needs one choice at least" } : fault;
}

/** The pages of an account's API clients. */
export function addClientPages(
  app: OpenAPIHono<ServiceEnv>,
  { auth, browser, frame }: { auth: LocalAuth; browser: Browser; frame: PageFrame },
): void {
  const guard = guards(auth);
  const ownForm = csrfProtection(auth);
  const title = "Register an API client";

  const empty = createRoute({
    ...guard.account("account:manage"),
    method: "get",
    path: "/account/clients/new",
    tags,
    summary: "The form for a new API client",
    request: noQuery,
    responses: pageAnswer("The form"),
  });
  app.openapi(empty, (c) => {
    const texts = { name: "", scope: "", redirectUris: "", kind: "confidential" };
    return showPage(c, frame, { title, body: newClientPage({ texts, formToken: browser.formToken(c) }) });
  });

  const add = createRoute({
    ...guard.account("account:manage", ownForm),
    method: "post",
    path: "/account/clients",
    tags,
    summary: "Register an API client by form",
    request: noQuery,
    responses: { ...pageAnswer("The client, with its secret"), ...refusedForm },
  });
  app.openapi(add, async (c) => {
    const { form_token, ...texts } = await readForm(
      c,
      ["form_token", "name", "scope", "redirectUris", "kind"],
      ["scope"],
    );
    browser.checkForm(c, form_token);
    const formToken = browser.formToken(c);
    const again = (refusal: Refusal) =>
      showPage(c, frame, { title, body: newClientPage({ texts, formToken, refusal }), status: refusal.status });
    const heading = "Nothing was registered yet";
    const input = newClientSchema.safeParse({
      name: texts.name,
      scope: texts.scope,
      redirectUris: texts.redirectUris.split(/\r?\n/).flatMap((line) => line.trim() || []),
      confidential: kinds.get(texts.kind),
    });
    if (!input.success) return again({ heading, faults: inputFaults(input.error).map(inWords), status: 422 });
    try {
      const { client, secret } = await auth.clients.add(c.var.account.id, input.data, actorOf(c));
      const body = clientPage({ client, formToken, made: { secret } });
      return await showPage(c, frame, { title: client.name, body });
    } catch (error) {
      return again(refusalOf(c, error, heading));
    }
  });

  const one = createRoute({
    ...guard.account("account:manage"),
    method: "get",
    path: "/account/clients/{id}",
    tags,
    summary: "One of my API clients",
    request: { ...noQuery, params },
    responses: { ...pageAnswer("The client"), 404: errorPageResponse("You have no such client") },
  });
  app.openapi(one, async (c) => {
    const { id } = c.req.valid("param");
    const client = (await auth.clients.list(c.var.account.id)).find((one) => one.id === id);
    if (!client) throw new Problem("not-found", "You have no such client.");
    return showPage(c, frame, { title: client.name, body: clientPage({ client, formToken: browser.formToken(c) }) });
  });

  const remove = createRoute({
    ...guard.account("account:manage", ownForm),
    method: "post",
    path: "/account/clients/{id}/remove",
    tags,
    summary: "Remove one of my API clients by form",
    request: { ...noQuery, params },
    responses: { ...onward, ...refusedForm },
  });
  app.openapi(remove, async (c) => {
    browser.checkForm(c, (await readForm(c, ["form_token"])).form_token);
    const removed = await auth.clients.remove(c.var.account.id, c.req.valid("param").id, actorOf(c));
    if (!removed) throw new Problem("not-found", "You have no such client.");
    return c.redirect("/auth/account?done=client", 303);
  });
}
