import type { Html } from "@quintet/pages";
import { html } from "hono/html";
import type { Account } from "../account.ts";
import { browserClient } from "../issuer/browser-sessions.ts";
import type { ApiClient } from "../issuer/client-queries.ts";
import type { SessionRow } from "../issuer/session-queries.ts";

/** My account: who I am, my password, my sign-ins and my API clients. */
export function accountPage(shown: {
  account: Account;
  sessions: SessionRow[];
  current: string;
  clients: ApiClient[];
  formToken: string;
  notice?: { text: string; isFault: boolean } | undefined;
}): Html {
  const { account, sessions, current, clients, formToken, notice } = shown;
  const token = html`<input type="hidden" name="form_token" value="${formToken}" />`;
  const nameOf = (id: string) =>
    id === browserClient ? "A browser" : (clients.find((client) => client.id === id)?.name ?? `A program (${id})`);
  return html`<h1>My account</h1>
      ${notice === undefined ? "" : html`<div class="alert" role="${notice.isFault ? "alert" : "status"}"><p>${notice.text}</p></div>`}
      <dl class="facts"><dt>Username</dt><dd>${account.username}</dd><dt>Email</dt><dd>${account.email === "" ? "none" : account.email}</dd></dl>
      <form method="post" action="/auth/sign-out">${token}<p class="actions"><button class="button quiet" type="submit">Sign out</button></p></form>
      <h2 id="password">Password</h2>
      <form class="sheet" method="post" action="/auth/account/password" aria-labelledby="password">
        ${token}
        <div class="fields">
          <p><label for="currentPassword">Current password</label>
          <input id="currentPassword" name="currentPassword" type="password" autocomplete="current-password" maxlength="1024" required /></p>
          <p><label for="newPassword">New password</label>
          <input id="newPassword" name="newPassword" type="password" autocomplete="new-password" minlength="8" maxlength="1024" required /></p>
        </div>
        <p class="hint">Every sign-in ends, this one too.</p>
        <p class="actions"><button type="submit">Change the password</button></p>
      </form>
      <h2>Sign-ins</h2>
      <ul>${sessions.map(
        (session) => html`<li>
          <form method="post" action="/auth/account/sessions">
            ${token}<input type="hidden" name="id" value="${session.id}" />
            ${nameOf(session.clientId)} since <time datetime="${session.createdAt.toISOString()}">${session.createdAt.toISOString().slice(0, 16).replace("T", " ")} UTC</time>${session.id === current ? " (this one)" : ""}
            <button class="button quiet" type="submit" aria-label="End the sign-in of ${session.createdAt.toISOString()}">End</button>
          </form></li>`,
      )}</ul>
      <form method="post" action="/auth/account/sessions">${token}<input type="hidden" name="id" value="all" />
        <p class="actions"><button class="button quiet danger" type="submit">End all, this one too</button></p></form>
      <h2>API clients</h2>
      ${
        clients.length === 0
          ? html`<p>You have registered none.</p>`
          : html`<ul>${clients.map(
              (client) => html`<li><form method="post" action="/auth/account/clients">
            ${token}<input type="hidden" name="id" value="${client.id}" />
            ${client.name} <code>${client.id}</code> (${client.scope})
            <button class="button quiet danger" type="submit" aria-label="Remove ${client.name}">Remove</button>
          </form></li>`,
            )}</ul>`
      }`;
}
