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
  registered: "Account created. You are signed in.",
  password: "Password changed. All other sessions have ended.",
  session: "Session ended.",
  client: "API client deleted. Its tokens are no longer valid.",
} as const;

const labels = { currentPassword: "Current password", newPassword: "New password" };

/** My account: its details, the password, the sessions and the API clients. */
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
            ${account.isStaff ? html`<dt>Role</dt><dd>Staff</dd>` : ""}
            <dt>Created</dt><dd>${shownTime(account.createdAt)}</dd>
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
            ${field({ name: "newPassword", label: labels.newPassword, type: "password", autocomplete: "new-password", minLength: 8, maxLength: 1024, hint: "At least 8 characters, not only digits, and not a common password", fault: faultOf(faults, "newPassword") })}
          </div>
          <p class="hint after">All other sessions and their tokens end.</p>
          <p class="actions"><button type="submit">Change password</button></p>
        </form>
      </section>`;
}

function sessionsPart(sessions: NamedSession[], current: string | undefined, formToken: string): Html {
  return html`<section class="part" aria-labelledby="sessions">
        <h2 id="sessions">Where you are signed in</h2>
        ${
          sessions.length === 0
            ? html`<p class="empty">Nowhere.</p>`
            : html`<div class="table"><table>
          <caption class="hidden">Your sessions, newest first</caption>
          <thead><tr><th scope="col">Program</th><th scope="col">Address</th><th scope="col">Last used</th><th scope="col">Signed in</th><th scope="col"><span class="hidden">Action</span></th></tr></thead>
          <tbody>
            ${sessions.map(
              (session) => html`<tr>
              <th scope="row">${session.program}${session.id === current ? html` <span class="tag">this one</span>` : ""}</th>
              <td><span class="narrow-label">Address</span> ${session.address ?? "unknown"}</td>
              <td><span class="narrow-label">Last used</span> ${session.usedAt ? shownTime(session.usedAt) : "unknown"}</td>
              <td><span class="narrow-label">Signed in</span> ${shownTime(session.createdAt)}</td>
              <td class="act"><form method="post" action="/auth/account/sessions">${hidden("form_token", formToken)}${hidden("id", session.id)}<button class="button quiet small" type="submit">End<span class="hidden"> ${session.program} since ${session.createdAt.toISOString()}</span></button></form></td>
            </tr>`,
            )}
          </tbody>
        </table></div>
        <form method="post" action="/auth/account/sessions">${hidden("form_token", formToken)}${hidden("id", "all")}
          <p class="actions"><button class="button quiet danger" type="submit">End all sessions, this one too</button></p></form>`
        }
      </section>`;
}

function clientsPart(clients: ApiClient[]): Html {
  return html`<section class="part" aria-labelledby="clients">
        <h2 id="clients">API clients</h2>
        <p class="hint">Programs that you have registered. They act for you, or for others who allow it.</p>
        ${
          clients.length === 0
            ? html`<p class="empty">No API clients yet.</p>`
            : html`<div class="table"><table>
          <caption class="hidden">Your API clients, newest first</caption>
          <thead><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col">Created</th></tr></thead>
          <tbody>
            ${clients.map(
              (client) => html`<tr>
              <th scope="row"><a href="/auth/account/clients/${client.id}">${client.name}</a></th>
              <td>${client.secretHash === null ? "Public" : "Confidential"}</td>
              <td><span class="narrow-label">Created</span> ${shownTime(client.createdAt)}</td>
            </tr>`,
            )}
          </tbody>
        </table></div>`
        }
        <p class="actions"><a class="button quiet" href="/auth/account/clients/new">Register an API client</a></p>
      </section>`;
}
