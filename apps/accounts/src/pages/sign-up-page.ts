import type { InputFault } from "@quintet/http";
import { faultOf, faultSummary, field, type Html, hidden } from "@quintet/pages";
import { html } from "hono/html";
import { closedText } from "../registration/admission.ts";

const labels = { username: "Username", email: "Email", password: "Password", invitation: "Invitation" };

/** What was typed into the registration form; the password is not shown again. */
export interface SignUpShown {
  next: string;
  username: string;
  email: string;
  /** Missing where nobody needs one. */
  invitation?: string | undefined;
  refusal?: { heading: string; faults: InputFault[] };
}

/** The form that makes an account. */
export function signUpPage({ next, username, email, invitation, refusal }: SignUpShown): Html {
  const faults = refusal?.faults ?? [];
  return html`<div class="narrow">
      <h1>Create an account</h1>
      <p class="lead">One account works in every app.</p>
      ${refusal ? faultSummary(refusal.heading, faults, labels) : ""}
      <form class="sheet" method="post" action="/auth/sign-up">
        ${hidden("next", next)}
        <div class="fields">
          ${invitation === undefined ? "" : field({ name: "invitation", label: labels.invitation, value: invitation, autocomplete: "off", maxLength: 200, hint: "The code that staff gave you", fault: faultOf(faults, "invitation") })}
          ${field({ name: "username", label: labels.username, value: username, autocomplete: "username", maxLength: 150, hint: "Letters, digits and @ . + - _", fault: faultOf(faults, "username") })}
          ${field({ name: "email", label: labels.email, type: "email", value: email, autocomplete: "email", maxLength: 254, fault: faultOf(faults, "email") })}
          ${field({ name: "password", label: labels.password, type: "password", autocomplete: "new-password", minLength: 8, maxLength: 1024, hint: "8 characters or more, not only digits, and none of the most common ones", fault: faultOf(faults, "password") })}
        </div>
        <p class="actions"><button type="submit">Create account</button></p>
      </form>
      <p class="below">Have an account? <a href="/auth/sign-in?next=${encodeURIComponent(next)}">Sign in</a></p>
      </div>`;
}

/** What is shown where nobody but staff makes accounts. */
export function closedPage(next: string): Html {
  return html`<div class="narrow">
      <h1>Create an account</h1>
      <p class="lead">${closedText}</p>
      <p class="below">Have an account? <a href="/auth/sign-in?next=${encodeURIComponent(next)}">Sign in</a></p>
      </div>`;
}
