import { filterBar, type Html, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import { type AuditAction, auditActions, type ReadEvent } from "../audit/audit-queries.ts";

/** A line of the audit log with the names of those whom it names by number. */
export type ShownEvent = ReadEvent & { actor: string | undefined; account: string | undefined };

const words: Partial<Record<AuditAction, string>> = {
  registered: "Created the account",
  "invitation-made": "Created an invitation",
  "invitation-revoked": "Revoked an invitation",
  "audit-lines-expired": "Deleted old entries of this log",
  "first-staff-made": "Created the first staff account",
  "signed-in": "Signed in",
  "sign-in-refused": "Sign-in refused",
  "password-changed": "Changed the password",
  deactivated: "Deactivated",
  activated: "Activated again",
  "session-ended": "Ended a session",
  "sessions-ended": "Ended all sessions",
  "client-added": "Registered an API client",
  "client-removed": "Removed an API client",
  consented: "Gave consent to a client",
  "staff-action": "Staff action",
};

/** What happened, in words. */
function actionWords(action: AuditAction): string {
  const plain = action.replaceAll("-", " ");
  return words[action] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** What the audit log page is asked for. */
export interface AuditShown {
  events: ShownEvent[];
  filter: Record<string, string>;
  action: AuditAction | undefined;
  /** Whom the page is about, when it is about one account only. */
  about: string | undefined;
  isFirst: boolean;
  next: string | null;
}

const home = "/auth/staff/audit";

/** The audit log, page by page. */
export function auditPage({ events, filter, action, about, isFirst, next }: AuditShown): Html {
  const { action: _, ...others } = filter;
  const address = (fields: Record<string, string>) => {
    const query = new URLSearchParams(fields).toString();
    return query === "" ? home : `${home}?${query}`;
  };
  const options = [["", "Everything"] as const, ...auditActions.map((name) => [name, actionWords(name)] as const)];
  const filters = [{ name: "action", label: "What", value: action ?? "", options }];
  return html`<h1>Audit log</h1>
      <p class="lead">Every change to accounts and every staff action in every app. Entries are never changed.</p>
      ${about === undefined ? "" : html`<p>${about} <a href="${home}">Show everything</a></p>`}
      ${filterBar({ action: home, filters, kept: others, submit: "Show" })}
      ${eventTable(events, "The audit log, the newest first")}
      ${
        isFirst && next === null
          ? ""
          : html`<nav class="pages" aria-label="Pages of the audit log"><ul>
          ${isFirst ? "" : html`<li><a href="${address(filter)}">Newest</a></li>`}
          ${next === null ? "" : html`<li><a href="${address({ ...filter, cursor: next })}" rel="next">Older</a></li>`}
        </ul></nav>`
      }`;
}

/** Lines of the audit log as a table; `isOne` when all are about the account whose page this is. */
export function eventTable(events: ShownEvent[], caption: string, isOne = false): Html {
  if (events.length === 0) return html`<p class="empty">Nothing yet.</p>`;
  return html`<div class="table"><table class="events">
          <caption class="hidden">${caption}</caption>
          <thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th>${isOne ? "" : html`<th scope="col">Account</th>`}<th scope="col">From</th></tr></thead>
          <tbody>
            ${events.map(
              (event) => html`<tr>
              <th scope="row">${shownTime(event.at)}</th>
              <td><span class="narrow-label">By</span> ${person(event.actorId, event.actor, "not signed in")}</td>
              <td>${what(event)}</td>
              ${isOne ? "" : html`<td><span class="narrow-label">Account</span> ${event.accountId === null ? html`<span class="hint">None</span>` : person(event.accountId, event.account, "")}</td>`}
              <td><span class="narrow-label">From</span> ${event.address ?? html`<span class="hint">Unknown</span>`}${event.requestId === null ? "" : html`<br /><span class="hint">Request <code>${event.requestId}</code></span>`}</td>
            </tr>`,
            )}
          </tbody>
        </table></div>`;
}

function what({ action, method, path, status, subject }: ReadEvent): Html {
  if (method !== null) {
    return html`<code>${method} ${path}</code><br /><span class="hint">${status === null ? "Not finished" : `Status ${status}`}</span>`;
  }
  return html`${actionWords(action)}${subject === null ? "" : html`<br /><span class="hint"><code>${subject}</code></span>`}`;
}

function person(id: number | null, name: string | undefined, nobody: string): Html {
  if (id === null) return html`<span class="hint">${nobody}</span>`;
  return html`<a href="/auth/staff/accounts/${id}">${name ?? `Account ${id}`}</a>`;
}
