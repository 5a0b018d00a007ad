import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import {
  errorPageResponse,
  formBody,
  htmlContent,
  type InputFault,
  inputFaults,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import { type Html, leaveNotice, type PageFrame, page } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { home } from "../pages/frame.ts";
import { deletePage } from "../pages/user.ts";
import { type UserFormShown, type UserTexts, userFormPage } from "../pages/user-form.ts";
import type { User } from "../users/user.ts";
import { newUser } from "../users/user-input.ts";
import { changeUser, createUser, getUser, removeUser } from "../users/users.ts";
import { userEtag } from "../users/versions.ts";
import { checkFormToken, type FormPurpose, formToken } from "./form-tokens.ts";
import { sendForm } from "./responses.ts";
import { userParam } from "./user-schemas.ts";

const token = z.string().describe("The CSRF token of the form, valid for 2 hours");
const version = z
  .string()
  .regex(/^\d{1,9}$/, "must be a version")
  .describe("The version that the form was opened with");
const texts = {
  firstName: z.string().describe("First name, 1 to 100 characters"),
  lastName: z.string().describe("Last name, 1 to 100 characters"),
  email: z.string().describe("Email address, up to 254 characters"),
  bio: z.string().default("").describe("A text about the user, up to 2000 characters"),
};
const addForm = z.strictObject({ ...texts, token });
const editForm = z.strictObject({ ...texts, token, version });
const deleteForm = z.strictObject({ token, version });
const form = { description: "The page", content: htmlContent };
const again = errorPageResponse("The form with its errors; the input is kept");
const done = { description: "Saved; the next page is in Location" };
const expired = "The form was open for too long. Check it and send it again.";
const overtaken = "Someone else has changed this person in the meantime. The directory now has:";

/** Adds the forms by which staff create, edit and delete users in a browser. */
export function addFormRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const ownForm = csrfProtection(deps.auth);
  const shown = (c: Context<AccountEnv>, title: string, body: Html, status?: 409 | 412 | 422) =>
    sendForm(c, page(c, frame, { title, body }), status);

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
  /** Whether the token of a form has not expired; throws `forbidden` for a forged one. */
  const isFresh = (purpose: FormPurpose, token: string) => {
    const state = checkFormToken(deps.formKey, purpose, token);
    if (state === "forged") throw new Problem("forbidden", "The form token is not valid for this account and action.");
    return state === "good";
  };

  return app
    .openapi(
      createRoute({
        ...guard.staff("directory:write"),
        method: "get",
        path: "/users/new",
        tags: ["directory pages"],
        summary: "New user page",
        description: "Staff only. The form that creates a user.",
        request: noQuery,
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
        summary: "Create a user by form",
        description: "Staff only. Redirects to the page of the new user.",
        request: { ...noQuery, ...formBody(addForm) },
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
        leaveNotice(c, "added");
        return c.redirect(`${home}/users/${user.id}`, 303);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("directory:write"),
        method: "get",
        path: "/users/{id}/edit",
        tags: ["directory pages"],
        summary: "Edit page of a user",
        description: "Staff only. The form that updates a user.",
        request: { params: userParam, ...noQuery },
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
        summary: "Update a user by form",
        description:
          "Staff only. Redirects to the page of the user. 412: the user has changed since the form was opened.",
        request: { params: userParam, ...noQuery, ...formBody(editForm) },
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
        leaveNotice(c, "saved");
        return c.redirect(`${home}/users/${id}`, 303);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("directory:write"),
        method: "get",
        path: "/users/{id}/delete",
        tags: ["directory pages"],
        summary: "Delete confirmation page",
        description: "Staff only. Asks before a user is deleted.",
        request: { params: userParam, ...noQuery },
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
        summary: "Delete a user by form",
        description: "Staff only. Redirects to the search page. 412: the user has changed since the page was opened.",
        request: { params: userParam, ...noQuery, ...formBody(deleteForm) },
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
            "Someone else has changed this person in the meantime. Check it again.",
          );
        }
        leaveNotice(c, "deleted");
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

/** The result of a write, or the errors of a conflict, to be shown at the fields. */
async function unlessConflict(write: Promise<User>): Promise<User | InputFault[]> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof Problem && error.code === "conflict") return error.errors ?? [];
    throw error;
  }
}
