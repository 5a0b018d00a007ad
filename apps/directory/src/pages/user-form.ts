import type { InputFault } from "@quintet/http";
import { type Field, faultOf, faultSummary, field, type Html, hidden } from "@quintet/pages";
import { html } from "hono/html";
import { home } from "./frame.ts";

/** The texts of a form as they were typed. */
export interface UserTexts {
  firstName: string;
  lastName: string;
  email: string;
  bio: string;
}

export interface UserFormShown {
  /** The user that is changed; undefined for a new one. */
  user?: { id: number; version: number };
  texts: UserTexts;
  token: string;
  faults: InputFault[];
  /** What stands above the form. */
  notice?: string;
  /** What the directory has now, when somebody else has changed it meanwhile. */
  present?: UserTexts;
}

const labels = { firstName: "First name", lastName: "Last name", email: "Email", bio: "About" };

/** The form that adds or changes a user, with faults at their fields and what was typed kept. */
export function userFormPage({ user, texts, token, faults, notice, present }: UserFormShown): Html {
  const action = user ? `${home}/users/${user.id}/edit` : `${home}/users/new`;
  const back = user ? `${home}/users/${user.id}` : `${home}/search`;
  const input = (name: keyof UserTexts, maxLength: number, type: Field["type"] = "text") =>
    field({ name, label: labels[name], type, value: texts[name], maxLength, fault: faultOf(faults, name) });
  const about = { name: "bio", label: labels.bio, type: "textarea", value: texts.bio, optional: true } as const;
  return html`<h1>${user ? "Edit a person" : "Add a person"}</h1>
      ${notice === undefined && faults.length === 0 ? "" : faultSummary(notice ?? "Nothing was saved", faults, labels, presentTexts(present))}
      <form class="sheet" method="post" action="${action}">
        ${hidden("token", token)}
        ${user ? hidden("version", String(user.version)) : ""}
        <div class="fields">
          <div class="pair">${input("firstName", 100)}${input("lastName", 100)}</div>
          ${input("email", 254, "email")}
          ${field({ ...about, maxLength: 2000, fault: faultOf(faults, "bio") })}
        </div>
        <div class="actions"><button type="submit">${user ? "Save" : "Add"}</button> <a class="button quiet" href="${back}">Cancel</a></div>
      </form>`;
}

function presentTexts(present: UserTexts | undefined): Html | undefined {
  if (!present) return undefined;
  const lines = Object.entries(labels).map(
    ([name, label]) => html`<dt>${label}</dt><dd>${present[name as keyof UserTexts]}</dd>`,
  );
  return html`<dl class="facts">${lines}</dl>`;
}
