import { doneNotice, faultOf, faultSummary, field, type Html, hidden, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { RegistrationMode } from "../registration/admission.ts";
import type { Invitation } from "../registration/invitations.ts";
import type { Refusal } from "./form.ts";

const home = "/auth/staff/invitations";
const labels = { email: "Email", days: "Valid for (days)" };
const modes: Record<RegistrationMode, string> = {
  invite: "An account can only be created with an invitation (REGISTRATION=invite).",
  open: "Anyone can create an account; no invitation is needed (REGISTRATION=open).",
  closed: "Only staff can create accounts; invitations are not accepted (REGISTRATION=closed).",
};

export interface InvitationsShown {
  mode: RegistrationMode;
  invitations: Invitation[];
  isFirst: boolean;
  next: string | null;
  formToken: string;
  texts?: { email: string; days: string };
  refusal?: Refusal | undefined;
  done?: string | undefined;
  /** One that was made just now, and its link. */
  made?: { invitation: Invitation; url: string } | undefined;
}

/** Invitations, page by page, with the form that makes one. */
export function invitationsPage(shown: InvitationsShown): Html {
  const { mode, invitations, isFirst, next, formToken, refusal, done, made } = shown;
  const { email, days } = shown.texts ?? { email: "", days: "7" };
  const faults = refusal?.faults ?? [];
  return html`<h1>Invitations</h1>
      <p class="lead">${modes[mode]}</p>
      ${done === undefined ? "" : doneNotice(done)}
      ${refusal ? faultSummary(refusal.heading, faults, labels) : ""}
      ${made ? shownLink(made) : ""}
      <form class="sheet" method="post" action="${home}">
        ${hidden("form_token", formToken)}
        <div class="fields">
          ${field({ name: "email", label: labels.email, type: "email", value: email, autocomplete: "off", maxLength: 254, optional: true, hint: "Whom it is for. Without an email, anyone with the link can use it.", fault: faultOf(faults, "email") })}
          ${field({ name: "days", label: labels.days, value: days, maxLength: 3, hint: "1 to 365", fault: faultOf(faults, "days") })}
        </div>
        <p class="actions"><button type="submit">Create an invitation</button></p>
      </form>
      ${invitations.length === 0 ? html`<p class="empty">There are no${isFirst ? "" : " more"} invitations.</p>` : table(invitations, formToken)}
      ${
        isFirst && next === null
          ? ""
          : html`<nav class="pages" aria-label="Pages of invitations"><ul>
          ${isFirst ? "" : html`<li><a href="${home}">Newest</a></li>`}
          ${next === null ? "" : html`<li><a href="${home}?${new URLSearchParams({ cursor: next })}" rel="next">Older</a></li>`}
        </ul></nav>`
      }`;
}

function shownLink({ invitation, url }: { invitation: Invitation; url: string }): Html {
  return html`<div class="sheet once" role="status">
        <h2 id="link">An invitation${invitation.email === null ? "" : html` for ${invitation.email}`}</h2>
        <p>Hand this link over. It works once, until ${shownTime(invitation.expiresAt)}, and is shown this once.</p>
        <code class="secret" aria-labelledby="link" tabindex="0">${url}</code>
      </div>`;
}

function table(invitations: Invitation[], formToken: string): Html {
  const account = (id: number) => html`<a href="/auth/staff/accounts/${id}">Account ${id}</a>`;
  const state = ({ id, state, accountId }: Invitation) => {
    if (state === "used" && accountId !== null) return html`Used by ${account(accountId)}`;
    if (state !== "open") return html`<span class="tag closed">${state === "expired" ? "Expired" : "Revoked"}</span>`;
    return html`<form method="post" action="${home}/${id}/revoke">${hidden("form_token", formToken)}<button class="button quiet" type="submit">Revoke</button></form>`;
  };
  return html`<div class="table"><table>
          <caption class="hidden">Invitations, the newest first</caption>
          <thead><tr><th scope="col">For</th><th scope="col">Created</th><th scope="col">By</th><th scope="col">Until</th><th scope="col">State</th></tr></thead>
          <tbody>
            ${invitations.map(
              (one) => html`<tr>
              <th scope="row">${one.email ?? "Anyone with the link"}</th>
              <td><span class="narrow-label">Created</span> ${shownTime(one.createdAt)}</td>
              <td><span class="narrow-label">By</span> ${account(one.madeBy)}</td>
              <td><span class="narrow-label">Until</span> ${shownTime(one.expiresAt)}</td>
              <td>${state(one)}</td>
            </tr>`,
            )}
          </tbody>
        </table></div>`;
}
