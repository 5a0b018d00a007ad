import { doneNotice, faultSummary, field, type Html, hidden } from "@quintet/pages";
import { html } from "hono/html";
import type { RegistrationMode } from "../registration/admission.ts";

/** The sign-in form; `fault` says what was wrong with the last try. */
export function signInPage(shown: {
  next: string;
  username: string;
  /** Who may make an account. */
  mode: RegistrationMode;
  fault?: string;
  notice?: string;
}): Html {
  const { next, username, mode, fault, notice } = shown;
  const question = mode === "open" ? "No account yet?" : "Have an invitation?";
  return html`<div class="narrow">
      <h1>Sign in</h1>
      ${notice === undefined ? "" : doneNotice(notice)}
      ${fault === undefined ? "" : faultSummary(fault)}
      <form class="sheet" method="post" action="/auth/sign-in">
        ${hidden("next", next)}
        <div class="fields">
          ${field({ name: "username", label: "Username or email", value: username, autocomplete: "username", maxLength: 254 })}
          ${field({ name: "password", label: "Password", type: "password", autocomplete: "current-password", maxLength: 1024 })}
        </div>
        <p class="actions"><button type="submit">Sign in</button></p>
      </form>
      <p class="below"><a href="/auth/forgotten">Forgot your password?</a></p>
      ${mode === "closed" ? "" : html`<p class="below">${question} <a href="/auth/sign-up?next=${encodeURIComponent(next)}">Create an account</a></p>`}
      </div>`;
}

/** For somebody who is signed in already and comes to the sign-in page. */
export function signedInPage(shown: { next: string; username: string }): Html {
  return html`<div class="narrow">
      <h1>You are signed in</h1>
      <div class="sheet">
        <p>You are signed in as <strong>${shown.username}</strong>. Sign out at the top of the page to use another account.</p>
        <p class="actions"><a class="button" href="${shown.next}">Go on</a></p>
      </div>
      </div>`;
}
