import type { Html } from "@quintet/pages";
import { html } from "hono/html";
import { readScopes, scopes } from "../scopes.ts";

/** Asks an account whether a client may act for it, and for what. */
export function consentPage(shown: {
  clientName: string;
  username: string;
  scope: string;
  redirectUri: string;
  formToken: string;
  parameters: [string, string][];
}): Html {
  const { clientName, username, scope, redirectUri, formToken, parameters } = shown;
  const allowed = [...readScopes(scope)];
  const target = new URL(redirectUri);
  return html`<h1>Let ${clientName} use your account?</h1>
      <p class="lead">You are signed in as <strong>${username}</strong>. It will be able to:</p>
      <ul>${allowed.map((name) => html`<li>${scopes[name]} <code>${name}</code></li>`)}</ul>
      <p class="hint">The answer goes to <code>${target.host === "" ? target.protocol : target.host}</code>. You can end this at any time in your account.</p>
      <form class="sheet" method="post" action="/auth/authorize">
        <input type="hidden" name="form_token" value="${formToken}" />
        ${parameters.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
        <p class="actions">
          <button type="submit" name="decision" value="allow">Allow</button>
          <button class="button quiet" type="submit" name="decision" value="deny">Do not allow</button>
        </p>
      </form>`;
}
