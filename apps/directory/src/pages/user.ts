import type { Html } from "@quintet/pages";
import { html } from "hono/html";
import type { UserView } from "../search/user-list.ts";
import { home } from "./frame.ts";

/** One user; staff can edit and delete it. */
export function userPage(user: UserView, isStaff: boolean): Html {
  const path = `${home}/users/${user.id}`;
  return html`<h1>${user.firstName} ${user.lastName}</h1>
      <div class="sheet">
        <dl class="facts">
          <dt>First name</dt><dd>${user.firstName}</dd>
          <dt>Last name</dt><dd>${user.lastName}</dd>
          ${user.email === undefined ? "" : html`<dt>Email</dt><dd>${user.email}</dd>`}
          ${user.bio === "" ? "" : html`<dt>About</dt><dd>${user.bio}</dd>`}
          <dt>Number</dt><dd>${user.id}</dd>
        </dl>
        ${isStaff ? html`<p class="actions"><a class="button" href="${path}/edit">Edit</a> <a class="button quiet danger" href="${path}/delete">Delete</a></p>` : ""}
      </div>`;
}

/** Asks before a user is removed. */
export function deletePage(user: UserView, token: string, version: number, fault?: string): Html {
  const path = `${home}/users/${user.id}`;
  return html`<h1>Delete ${user.firstName} ${user.lastName}?</h1>
      ${fault === undefined ? "" : html`<div class="alert" role="alert"><p>${fault}</p></div>`}
      <p>The person is removed from the directory. This cannot be undone.</p>
      <form method="post" action="${path}/delete">
        <input type="hidden" name="token" value="${token}" />
        <input type="hidden" name="version" value="${version}" />
        <div class="actions"><button class="danger" type="submit">Delete</button> <a class="button quiet" href="${path}">Keep</a></div>
      </form>`;
}
