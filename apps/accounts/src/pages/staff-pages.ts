import { doneNotice, faultSummary, filterBar, type Html, hidden, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { ListedAccount } from "../accounts/staff-queries.ts";
import { eventTable, type ShownEvent } from "./audit-pages.ts";
import type { Refusal } from "./form.ts";

const home = "/auth/staff/accounts";

/** What can be said at the top of an account's page after something was done. */
export const staffNotices = {
  deactivate: "The account is deactivated. Its sign-ins and tokens have ended.",
  activate: "The account may sign in again.",
  "end-sessions": "All sign-ins and tokens of the account have ended.",
} as const;

/** Accounts found by how the username or email begins, page by page. */
export function accountsPage(shown: {
  q: string;
  accounts: ListedAccount[];
  isFirst: boolean;
  next: string | null;
}): Html {
  const { q, accounts, isFirst, next } = shown;
  const first = q === "" ? home : `${home}?${new URLSearchParams({ q })}`;
  const onward = next === null ? "" : `${home}?${new URLSearchParams({ ...(q === "" ? {} : { q }), cursor: next })}`;
  const filters = [{ name: "q", label: "Username or email", value: q, placeholder: "First letters", maxLength: 254 }];
  return html`<h1>All accounts</h1>
      ${filterBar({ action: home, filters, submit: "Find" })}
      ${accounts.length === 0 ? html`<p class="empty">${q === "" ? "There are no more accounts." : html`No username or email begins with “${q}”.`}</p>` : table(accounts)}
      ${
        isFirst && next === null
          ? ""
          : html`<nav class="pages" aria-label="Pages of accounts"><ul>
          ${isFirst ? "" : html`<li><a href="${first}">First page</a></li>`}
          ${next === null ? "" : html`<li><a href="${onward}" rel="next">Next page</a></li>`}
        </ul></nav>`
      }`;
}

function table(accounts: ListedAccount[]): Html {
  return html`<div class="table"><table>
          <caption class="hidden">Accounts, the oldest first</caption>
          <thead><tr><th scope="col">Username</th><th scope="col">Email</th><th scope="col">Created</th><th scope="col">Last sign-in</th></tr></thead>
          <tbody>
            ${accounts.map(
              (account) => html`<tr>
              <th scope="row"><a href="${home}/${account.id}">${account.username}</a>${tags(account)}</th>
              <td>${account.email}</td>
              <td><span class="narrow-label">Created</span> ${shownTime(account.createdAt)}</td>
              <td><span class="narrow-label">Last sign-in</span> ${account.lastLogin === null ? "Never" : shownTime(account.lastLogin)}</td>
            </tr>`,
            )}
          </tbody>
        </table></div>`;
}

function tags({ isStaff, isActive }: ListedAccount): Html {
  return html`${isStaff ? html` <span class="tag">Staff</span>` : ""}${isActive ? "" : html` <span class="tag closed">Deactivated</span>`}`;
}

export interface StaffAccountShown {
  account: ListedAccount;
  isOwn: boolean;
  /** How many sign-ins go on. */
  sessions: number;
  events: ShownEvent[];
  formToken: string;
  done?: string | undefined;
  refusal?: Refusal | undefined;
  /** Password reset link that was made just now. */
  link?: { url: string; expiresAt: string } | undefined;
}

/** One account: what it is, what staff may do about it, and what was done to it. */
export function staffAccountPage(shown: StaffAccountShown): Html {
  const { account, isOwn, sessions, events, formToken, done, refusal, link } = shown;
  const act = (action: keyof typeof staffNotices | "links/new", label: string, look: string) =>
    html`<form method="post" action="${home}/${account.id}/${action}">${hidden("form_token", formToken)}<button class="${look}" type="submit">${label}</button></form>`;
  return html`<p class="back"><a href="${home}">All accounts</a></p>
      <h1>${account.username}${tags(account)}</h1>
      ${done === undefined ? "" : doneNotice(done)}
      ${refusal ? faultSummary(refusal.heading, refusal.faults) : ""}
      ${link ? shownLink(link) : ""}
      <div class="sheet">
        <dl class="facts">
          <dt>Number</dt><dd>${account.id}</dd>
          <dt>Email</dt><dd>${account.email === "" ? "None" : account.email}</dd>
          <dt>Rights</dt><dd>${account.isStaff ? "Staff" : "None but its own"}</dd>
          <dt>State</dt><dd>${account.isActive ? "Active" : "Deactivated: it cannot sign in"}</dd>
          <dt>Created</dt><dd>${shownTime(account.createdAt)}</dd>
          <dt>Last sign-in</dt><dd>${account.lastLogin === null ? "Never" : shownTime(account.lastLogin)}</dd>
          <dt>Active sessions</dt><dd>${sessions === 100 ? "100 or more" : sessions}</dd>
        </dl>
        <div class="actions">
          ${account.isActive ? act("links/new", "Create a password reset link", "button quiet") : ""}
          ${act("end-sessions", "End all sessions", "button quiet")}
          ${
            isOwn
              ? html`<p class="hint">This is your own account. Someone else must deactivate it.</p>`
              : account.isActive
                ? act("deactivate", "Deactivate", "button danger")
                : act("activate", "Activate again", "button")
          }
        </div>
      </div>
      <section class="part" aria-labelledby="events">
        <h2 id="events">Actions on this account</h2>
        ${eventTable(events, "What was done to this account, the newest first", true)}
        <p class="below"><a href="/auth/staff/audit?accountId=${account.id}">All entries in the audit log</a> · <a href="/auth/staff/audit?actorId=${account.id}">Actions by this account</a></p>
      </section>`;
}

function shownLink({ url, expiresAt }: { url: string; expiresAt: string }): Html {
  return html`<div class="sheet once" role="status">
        <h2 id="link">Password reset link</h2>
        <p>Give it only to the owner of the account. It works once, until ${shownTime(expiresAt)}, and is shown this once.</p>
        <code class="secret" aria-labelledby="link" tabindex="0">${url}</code>
      </div>`;
}
