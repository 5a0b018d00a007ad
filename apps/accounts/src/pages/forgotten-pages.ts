import type { InputFault } from "@quintet/http";
import { doneNotice, faultOf, faultSummary, field, type Html, hidden } from "@quintet/pages";
import { html } from "hono/html";

const back = html`<p class="below"><a href="/auth/sign-in">Back to signing in</a></p>`;

/** Asks whose password is forgotten; `fault` says why no link is sent. */
export function forgottenPage({ login, fault }: { login: string; fault?: string }): Html {
  return html`<div class="narrow">
      <h1>Forgot your password?</h1>
      <p class="lead">You get a link by mail to set a new one.</p>
      ${fault === undefined ? "" : faultSummary(fault)}
      <form class="sheet" method="post" action="/auth/forgotten">
        <div class="fields">
          ${field({ name: "login", label: "Username or email", value: login, autocomplete: "username", maxLength: 254 })}
        </div>
        <p class="actions"><button type="submit">Send me a link</button></p>
      </form>
      ${back}
      </div>`;
}

/** Says that a link is on its way. */
export function linkSentPage(text: string): Html {
  return html`<div class="narrow">
      <h1>Check your mail</h1>
      ${doneNotice(text)}
      <p>It works once, for 30 minutes. Nothing there? Check the spam folder, or <a href="/auth/forgotten">ask again</a>.</p>
      ${back}
      </div>`;
}

/** Where no mail is sent. */
export function askStaffPage(): Html {
  return html`<div class="narrow">
      <h1>Forgot your password?</h1>
      <div class="sheet">
        <p>This installation sends no mail. Ask a staff member for a reset link. It works once, for 30 minutes.</p>
      </div>
      ${back}
      </div>`;
}

/** The form behind a link. */
export function newPasswordPage(shown: { token: string; refusal?: { heading: string; faults: InputFault[] } }): Html {
  const { token, refusal } = shown;
  const faults = (refusal?.faults ?? []).filter(({ path }) => path === "password");
  return html`<div class="narrow">
      <h1>A new password</h1>
      <p class="lead">This ends every session of your account, on all devices.</p>
      ${refusal ? faultSummary(refusal.heading, faults, { password: "New password" }) : ""}
      <form class="sheet" method="post" action="/auth/new-password">
        ${hidden("token", token)}
        <div class="fields">
          ${field({ name: "password", label: "New password", type: "password", autocomplete: "new-password", minLength: 8, maxLength: 1024, hint: "8 characters or more, not only digits, and none of the most common ones", fault: faultOf(faults, "password") })}
        </div>
        <p class="actions"><button type="submit">Set the password</button></p>
      </form>
      </div>`;
}

/** For a link that is not good any more. */
export function staleLinkPage(): Html {
  return html`<div class="narrow">
      <h1>This link is no longer valid</h1>
      <div class="sheet">
        <p>A link works once, for 30 minutes, and only until the account changes in another way.</p>
        <p class="actions"><a class="button" href="/auth/forgotten">Get a new one</a></p>
      </div>
      ${back}
      </div>`;
}
