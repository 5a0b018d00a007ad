import { scopes } from "@quintet/auth";
import { readScopes } from "@quintet/auth/issuer";
import { type Html, hidden } from "@quintet/pages";
import { html } from "hono/html";

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
  const target = new URL(redirectUri);
  return html`<div class="narrow">
      <h1>Let ${clientName} use your account?</h1>
      <form class="sheet" method="post" action="/auth/authorize">
        <p>You are signed in as <strong>${username}</strong>. <strong>${clientName}</strong> will be able to:</p>
        <ul class="granted">${[...readScopes(scope)].map((name) => html`<li>${scopes[name]} <code>${name}</code></li>`)}</ul>
        <p class="hint">You will return to <code>${target.host === "" ? target.protocol : target.host}</code>. You can end this at any time at “Where you are signed in” in your account.</p>
        ${hidden("form_token", formToken)}
        ${parameters.map(([name, value]) => hidden(name, value))}
        <p class="actions">
          <button type="submit" name="decision" value="allow">Allow</button>
          <button class="button quiet" type="submit" name="decision" value="deny">Do not allow</button>
        </p>
      </form>
      </div>`;
}
