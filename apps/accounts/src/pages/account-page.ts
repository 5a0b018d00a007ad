import type { Account } from "@quintet/auth";
import { doneNotice, faultOf, faultSummary, field, type Html, hidden, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { ApiClient } from "../clients/client-queries.ts";
import type { SessionRow } from "../sessions/session-queries.ts";
import type { Refusal } from "./form.ts";

/** A sign-in with the name of the program that holds it. */
export type NamedSession = SessionRow & { program: string };

export interface AccountShown {
  account: Account;
  sessions: NamedSession[];
  /** The sign-in of this very browser. */
  current: string | undefined;
  clients: ApiClient[];
  formToken: string;
  /** What went well just now. */
  done?: string | undefined;
  /** Why the password was not changed. */
  refusal?: Refusal | undefined;
}

/** What can be said at the top of the page after something was done. */
export const accountNotices = {
  registered: "Your account is made, and you are signed in.",
  password: "Your password is changed. Every other sign-in has ended.",
  session: "The sign-in has ended.",
  client: "The API client is removed. Its tokens are not good any more.",
} as const;

const labels = { currentPassword: "Current password", newPassword: "New password" };

/** My account: who I am, my password, my sign-ins and my API clients. */
export function accountPage(shown: AccountShown): Html {
  const { account, sessions, current, clients, formToken, done, refusal } = shown;
  return html`<h1>My account</h1>
      ${done === undefined ? "" : doneNotice(done)}
      ${refusal ? faultSummary(refusal.heading, refusal.faults, labels) : ""}
      <section class="part" aria-labelledby="about">
        <h2 id="about">About you</h2>
        <div class="sheet">
          <dl class="facts">
            <dt>Username</dt><dd>${account.username}</dd>
            <dt>Email</dt><dd>${account.email === "" ? "None" : account.email}</dd>
            ${account.isStaff ? html`<dt>Rights</dt><dd>Staff</dd>` : ""}
            <dt>Made</dt><dd>${shownTime(account.createdAt)}</dd>
          </dl>
        </div>
      </section>
      ${passwordPart(account, formToken, refusal)}
      ${sessionsPart(sessions, current, formToken)}
      ${clientsPart(clients)}`;
}

function passwordPart(account: Account, formToken: string, refusal: Refusal | undefined): Html {
  const faults = refusal?.faults ?? [];
  return html`<section class="part" aria-labelledby="password">
        <h2 id="password">Password</h2>
        <form class="sheet" method="post" action="/auth/account/password" aria-labelledby="password">
          ${hidden("form_token", formToken)}
          <div class="hidden" aria-hidden="true"><input type="text" name="username" value="${account.username}" autocomplete="username" tabindex="-1" readonly /></div>
          <div class="fields">
            ${field({ name: "currentPassword", label: labels.currentPassword, type: "password", autocomplete: "current-password", maxLength: 1024, fault: faultOf(faults, "currentPassword") })}
            ${field({ name: "newPassword", label: labels.newPassword, type: "password", autocomplete: "new-password", minLength: 8, maxLength: 1024, hint: "8 characters or more, not only digits, and none of the most common ones", fault: faultOf(faults, "newPassword") })}
          </div>
          <p class="hint after">Every other sign-in ends, and all tokens with them.</p>
          <p class="actions"><button type="submit">Change the password</button></p>
        </form>
      </section>`;
}

function sessionsPart(sessions: NamedSession[], current: string | undefined, formToken: string): Html {
  return html`<section class="part" aria-labelledby="sessions">
        <h2 id="sessions">Where you are signed in</h2>
        ${
          sessions.length === 0
            ? html`<p class="empty">Nowhere at the moment.</p>`
            : html`<div class="table"><table>
          <caption class="hidden">Your sign-ins, the newest first</caption>
          <thead><tr><th scope="col">Program</th><th scope="col">Since</th><th scope="col">Ends</th><th scope="col"><span class="hidden">Action</span></th></tr></thead>
          <tbody>
            ${sessions.map(
              (session) => html`<tr>
              <th scope="row">${session.program}${session.id === current ? html` <span class="tag">this one</span>` : ""}</th>
              <td><span class="narrow-label">Since</span> ${shownTime(session.createdAt)}</td>
              <td><span class="narrow-label">Ends</span> ${shownTime(session.expiresAt)}</td>
              <td class="act"><form method="post" action="/auth/account/sessions">${hidden("form_token", formToken)}${hidden("id", session.id)}<button class="button quiet small" type="submit">End<span class="hidden"> ${session.program} since ${session.createdAt.toISOString()}</span></button></form></td>
            </tr>`,
            )}
          </tbody>
        </table></div>
        <form method="post" action="/auth/account/sessions">${hidden("form_token", formToken)}${hidden("id", "all")}
          <p class="actions"><button class="button quiet danger" type="submit">End all, this one too</button></p></form>`
        }
      </section>`;
}

function clientsPart(clients: ApiClient[]): Html {
  return html`<section class="part" aria-labelledby="clients">
        <h2 id="clients">API clients</h2>
        <p class="hint">Programs that you have registered: they act for you, or for whoever lets them.</p>
        ${
          clients.length === 0
            ? html`<p class="empty">You have registered none.</p>`
            : html`<div class="table"><table>
          <caption class="hidden">Your API clients, the newest first</caption>
          <thead><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col">Made</th></tr></thead>
          <tbody>
            ${clients.map(
              (client) => html`<tr>
              <th scope="row"><a href="/auth/account/clients/${client.id}">${client.name}</a></th>
              <td>${client.secretHash === null ? "Public" : "Confidential"}</td>
              <td><span class="narrow-label">Made</span> ${shownTime(client.createdAt)}</td>
            </tr>`,
            )}
          </tbody>
        </table></div>`
        }
        <p class="actions"><a class="button quiet" href="/auth/account/clients/new">Register an API client</a></p>
      </section>`;
}
