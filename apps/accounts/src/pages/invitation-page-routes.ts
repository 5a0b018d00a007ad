import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { csrfProtection, guards } from "@quintet/auth";
import { cursorParam, inputFaults, noQuery, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Context } from "hono";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import { invitationIdSchema, newInvitationSchema } from "../registration/invitations.ts";
import type { StaffLists } from "../staff-lists.ts";
import type { Browser } from "./browser.ts";
import { type Refusal, readForm, refusalOf } from "./form.ts";
import { type InvitationsShown, invitationsPage } from "./invitation-pages.ts";
import { onward, pageAnswer, refusedForm, showPage } from "./section.ts";

const tags = ["accounts: pages"];
const title = "Invitations";
const perPage = 25;

/** The page on which staff invites people to make an account. */
export function addInvitationPages(
  app: OpenAPIHono<ServiceEnv>,
  { auth, lists, browser, frame }: { auth: LocalAuth; lists: StaffLists; browser: Browser; frame: PageFrame },
): void {
  const guard = guards(auth);
  const ownForm = csrfProtection(auth);
  type Shown = Partial<Pick<InvitationsShown, "texts" | "refusal" | "done" | "made">>;
  const show = async (c: Context, cursor: string | undefined, shown: Shown = {}) => {
    const { rows: invitations, nextCursor: next } = await lists.invitations({ limit: perPage, cursor });
    const { mode } = auth.admission;
    const page = { mode, invitations, isFirst: cursor === undefined, next, formToken: browser.formToken(c), ...shown };
    return showPage(c, frame, { title, body: invitationsPage(page), status: shown.refusal?.status });
  };

  const list = createRoute({
    ...guard.staff("accounts:manage"),
    method: "get",
    path: "/staff/invitations",
    tags,
    summary: "The page of invitations (staff)",
    request: {
      query: z.strictObject({
        cursor: cursorParam,
        done: z.enum(["revoked"]).optional().openapi({ description: "The change that the page confirms" }),
      }),
    },
    responses: pageAnswer("A page of them"),
  });
  app.openapi(list, (c) => {
    const { cursor, done } = c.req.valid("query");
    return show(c, cursor, done ? { done: "The invitation is revoked." } : {});
  });

  const make = createRoute({
    ...guard.staff("accounts:manage", ownForm),
    method: "post",
    path: "/staff/invitations",
    tags,
    summary: "Invite somebody by form (staff)",
    request: noQuery,
    responses: { ...pageAnswer("The page, with the invitation's link, shown this once"), ...refusedForm },
  });
  app.openapi(make, async (c) => {
    const { form_token, ...texts } = await readForm(c, ["form_token", "email", "days"]);
    browser.checkForm(c, form_token);
    const again = (refusal: Refusal) => show(c, undefined, { texts, refusal });
    const heading = "No invitation was made yet";
    const email = texts.email.trim();
    const input = newInvitationSchema.safeParse({
      days: /^\d+$/.test(texts.days) ? Number(texts.days) : texts.days,
      ...(email === "" ? {} : { email }),
    });
    if (!input.success) return again({ heading, faults: inputFaults(input.error), status: 422 });
    try {
      const made = await auth.invitations.create(input.data, c.var.account.id, actorOf(c));
      return await show(c, undefined, { made });
    } catch (error) {
      return again(refusalOf(c, error, heading));
    }
  });

  const revoke = createRoute({
    ...guard.staff("accounts:manage", ownForm),
    method: "post",
    path: "/staff/invitations/{id}/revoke",
    tags,
    summary: "Revoke an invitation by form (staff)",
    request: {
      ...noQuery,
      params: z.strictObject({ id: invitationIdSchema.openapi({ description: "The id of the invitation" }) }),
    },
    responses: { ...onward, ...refusedForm },
  });
  app.openapi(revoke, async (c) => {
    browser.checkForm(c, (await readForm(c, ["form_token"])).form_token);
    try {
      await auth.invitations.revoke(c.req.valid("param").id, actorOf(c));
    } catch (error) {
      return show(c, undefined, { refusal: refusalOf(c, error, "Nothing was revoked") });
    }
    return c.redirect("/auth/staff/invitations?done=revoked", 303);
  });
}
