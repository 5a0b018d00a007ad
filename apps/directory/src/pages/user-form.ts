import type { InputFault } from "@quintet/http";
import type { Html } from "@quintet/pages";
import { html } from "hono/html";
import { home } from "./section.ts";

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

const labels = new Map([
  ["firstName", "First name"],
  ["lastName", "Last name"],
  ["email", "Email"],
  ["bio", "About"],
]);

const fields = [
  { name: "firstName", type: "text", most: 100 },
  { name: "lastName", type: "text", most: 100 },
  { name: "email", type: "email", most: 254 },
] as const;

/** The form that adds or changes a user, with faults at their fields and what was typed kept. */
export function userFormPage({ user, texts, token, faults, notice, present }: UserFormShown): Html {
  const action = user ? `${home}/users/${user.id}/edit` : `${home}/users/new`;
  const back = user ? `${home}/users/${user.id}` : `${home}/search`;
  const faultOf = (name: string) => faults.find((fault) => fault.path === name)?.message;
  const inputs = fields.map(({ name, type, most }) => {
    const fault = faultOf(name);
    const value = texts[name];
    return html`<div>
            <label for="${name}">${labels.get(name)}</label>
            <input id="${name}" name="${name}" type="${type}" value="${value}" maxlength="${most}" autocomplete="off" required${described(name, fault)} />
            ${explained(name, fault)}
          </div>`;
  });
  const bioFault = faultOf("bio");
  return html`<h1>${user ? "Edit a person" : "Add a person"}</h1>
      ${notice === undefined && faults.length === 0 ? "" : alert(notice, faults, present)}
      <form class="sheet" method="post" action="${action}">
        <input type="hidden" name="token" value="${token}" />
        ${user ? html`<input type="hidden" name="version" value="${user.version}" />` : ""}
        <div class="fields">
          <div class="pair">${inputs.slice(0, 2)}</div>
          ${inputs.slice(2)}
          <div>
            <label for="bio">About <span class="hint">(optional)</span></label>
            <textarea id="bio" name="bio" maxlength="2000"${described("bio", bioFault)}>
${texts.bio}</textarea>
            ${explained("bio", bioFault)}
          </div>
        </div>
        <div class="actions"><button type="submit">${user ? "Save" : "Add"}</button> <a class="button quiet" href="${back}">Cancel</a></div>
      </form>`;
}

function described(name: string, fault: string | undefined) {
  return fault === undefined ? "" : html` aria-invalid="true" aria-describedby="${name}-fault"`;
}

function explained(name: string, fault: string | undefined) {
  return fault === undefined ? "" : html`<p class="fault" id="${name}-fault">${fault}</p>`;
}

function alert(notice: string | undefined, faults: InputFault[], present: UserTexts | undefined): Html {
  const items = faults.map(
    ({ path, message }) => html`<li><a href="#${path}">${labels.get(path) ?? path}</a> ${message}</li>`,
  );
  return html`<div class="alert" role="alert">
        <h2>${notice ?? "Nothing was saved yet"}</h2>
        ${items.length > 0 ? html`<ul>${items}</ul>` : ""}
        ${present ? html`<dl class="facts">${[...labels].map(([name, label]) => html`<dt>${label}</dt><dd>${present[name as keyof UserTexts]}</dd>`)}</dl>` : ""}
      </div>`;
}
