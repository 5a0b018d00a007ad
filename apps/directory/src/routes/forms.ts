import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, guards, ownForms } from "@quintet/auth";
import {
  formBody,
  type InputFault,
  inputFaults,
  Problem,
  pageContent,
  pageRefusal,
  type ServiceEnv,
  wholeNumber,
} from "@quintet/http";
import { type Html, type PageSection, page, visitorOf } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { home } from "../pages/section.ts";
import { deletePage } from "../pages/user.ts";
import { type UserFormShown, type UserTexts, userFormPage } from "../pages/user-form.ts";
import type { User } from "../users/user.ts";
import { newUser } from "../users/user-input.ts";
import { changeUser, createUser, getUser, removeUser } from "../users/users.ts";
import { userEtag } from "../users/versions.ts";
import { checkFormToken, type FormPurpose, formToken } from "./form-tokens.ts";
import { sendForm } from "./responses.ts";

const params = z.strictObject({ id: wholeNumber(1, Number.MAX_SAFE_INTEGER) });
const query = z.strictObject({});
const version = z.string().regex(/^\d{1,9}$/, "must be a version");
const texts = { firstName: z.string(), lastName: z.string(), email: z.string(), bio: z.string().default("") };
const addForm = z.strictObject({ ...texts, token: z.string() });
const editForm = z.strictObject({ ...texts, token: z.string(), version });
const deleteForm = z.strictObject({ token: z.string(), version });
const form = { description: "The form", content: pageContent };
const again = pageRefusal("The form again, with what is wrong; what was typed is kept");
const done = { description: "Done; the page to go on with is in Location" };
const expired = "The form was open for too long. Look at it once more and send it again.";
const overtaken = "Somebody else has changed this person meanwhile. This is what the directory has now:";

/** The forms by which staff add, change and remove users in a browser. */
export function addFormRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, section: PageSection) {
  const guard = guards(deps.auth);
  const ownForm = ownForms(deps.auth);
  const shown = (c: Context<AccountEnv>, title: string, body: Html, status?: 409 | 412 | 422) =>
    sendForm(c, page(section, { title, current: c.req.path, visitor: visitorOf(c), body }), status);

  /** The form, with a fresh token. */
  const userForm = (c: Context<AccountEnv>, content: Omit<UserFormShown, "token">, status?: 409 | 412 | 422) => {
    const { user } = content;
    const token = formToken(deps.formKey, purposeOf(c, user ? "edit" : "add", user?.id));
    return shown(c, user ? "Edit a person" : "Add a person", userFormPage({ ...content, token }), status);
  };
  const deleteConfirmation = (c: Context<AccountEnv>, user: User, fault?: string) => {
    const token = formToken(deps.formKey, purposeOf(c, "delete", user.id));
    return shown(
      c,
      "Delete a person",
      deletePage(user, token, user.version, fault),
      fault === undefined ? undefined : 412,
    );
  };
  /** Whether the form's token is still good; a forged one is refused altogether. */
  const isFresh = (purpose: FormPurpose, token: string) => {
    const state = checkFormToken(deps.formKey, purpose, token);
    if (state === "forged") throw new Problem("forbidden", "This form was not made here for you.");
    return state === "good";
  };

  return app
    .openapi(
      createRoute({
        ...guard.staff("directory:write"),
        method: "get",
        path: "/users/new",
        tags: ["directory pages"],
        summary: "The form for a new user (staff)",
        request: { query },
        responses: { 200: form },
      }),
      (c) => userForm(c, { texts: { firstName: "", lastName: "", email: "", bio: "" }, faults: [] }),
    )
    .openapi(
      createRoute({
        ...guard.staff("directory:write", ownForm),
        method: "post",
        path: "/users/new",
        tags: ["directory pages"],
        summary: "Add a user by form (staff)",
        request: { query, ...formBody(addForm) },
        responses: { 303: done, 409: again, 422: again },
      }),
      async (c) => {
        const { token, ...typed } = c.req.valid("form");
        if (!isFresh(purposeOf(c, "add"), token))
          return userForm(c, { texts: typed, faults: [], notice: expired }, 422);
        const input = newUser.safeParse(typed);
        if (!input.success) return userForm(c, { texts: typed, faults: inputFaults(input.error) }, 422);
        const user = await unlessConflict(createUser(deps, input.data));
        if (Array.isArray(user)) return userForm(c, { texts: typed, faults: user }, 409);
        return c.redirect(`${home}/users/${user.id}`, 303);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("directory:write"),
        method: "get",
        path: "/users/{id}/edit",
        tags: ["directory pages"],
        summary: "The form that changes a user (staff)",
        request: { params, query },
        responses: { 200: form },
      }),
      async (c) => {
        const user = await getUser(deps, c.req.valid("param").id);
        return userForm(c, { user, texts: formTextsOf(user), faults: [] });
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("directory:write", ownForm),
        method: "post",
        path: "/users/{id}/edit",
        tags: ["directory pages"],
        summary: "Change a user by form (staff)",
        request: { params, query, ...formBody(editForm) },
        responses: { 303: done, 409: again, 412: again, 422: again },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const { token, version, ...typed } = c.req.valid("form");
        const user = { id, version: Number(version) };
        if (!isFresh(purposeOf(c, "edit", id), token)) {
          return userForm(c, { user, texts: typed, faults: [], notice: expired }, 422);
        }
        const input = newUser.safeParse(typed);
        if (!input.success) return userForm(c, { user, texts: typed, faults: inputFaults(input.error) }, 422);
        try {
          const changed = await unlessConflict(changeUser(deps, id, input.data, userEtag(user, "account")));
          if (Array.isArray(changed)) return userForm(c, { user, texts: typed, faults: changed }, 409);
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== "precondition-failed") throw error;
          const present = await getUser(deps, id);
          const content = { user: present, texts: typed, faults: [], notice: overtaken, present: formTextsOf(present) };
          return userForm(c, content, 412);
        }
        return c.redirect(`${home}/users/${id}`, 303);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("directory:write"),
        method: "get",
        path: "/users/{id}/delete",
        tags: ["directory pages"],
        summary: "The question before a user is removed (staff)",
        request: { params, query },
        responses: { 200: form },
      }),
      async (c) => deleteConfirmation(c, await getUser(deps, c.req.valid("param").id)),
    )
    .openapi(
      createRoute({
        ...guard.staff("directory:write", ownForm),
        method: "post",
        path: "/users/{id}/delete",
        tags: ["directory pages"],
        summary: "Remove a user by form (staff)",
        request: { params, query, ...formBody(deleteForm) },
        responses: { 303: done, 412: again },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const { token, version } = c.req.valid("form");
        if (!isFresh(purposeOf(c, "delete", id), token)) return deleteConfirmation(c, await getUser(deps, id), expired);
        try {
          await removeUser(deps, id, userEtag({ id, version: Number(version) }, "account"));
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== "precondition-failed") throw error;
          return deleteConfirmation(
            c,
            await getUser(deps, id),
            "Somebody else has changed this person meanwhile. Look again.",
          );
        }
        return c.redirect(`${home}/search`, 303);
      },
    );
}

function purposeOf(c: Context<AccountEnv>, action: FormPurpose["action"], user?: number): FormPurpose {
  return { account: c.var.account.id, action, ...(user === undefined ? {} : { user }) };
}

function formTextsOf({ firstName, lastName, email, bio }: User): UserTexts {
  return { firstName, lastName, email, bio };
}

/** What a write gives, or the faults of a conflict, to be shown at the fields. */
async function unlessConflict(write: Promise<User>): Promise<User | InputFault[]> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof Problem && error.code === "conflict") return error.errors ?? [];
    throw error;
  }
}
