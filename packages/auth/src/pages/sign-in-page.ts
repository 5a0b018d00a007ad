import type { Html } from "@quintet/pages";
import { html } from "hono/html";

/** The sign-in form; `fault` says what was wrong with the last try. */
export function signInPage(shown: { next: string; username: string; fault?: string | undefined }): Html {
  const { next, username, fault } = shown;
  return html`<h1>Sign in</h1>
      ${fault === undefined ? "" : html`<div class="alert" role="alert"><p>${fault}</p></div>`}
      <form class="sheet" method="post" action="/auth/sign-in">
        <input type="hidden" name="next" value="${next}" />
        <div class="fields">
          <p><label for="username">Username or email</label>
          <input id="username" name="username" type="text" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required /></p>
          <p><label for="password">Password</label>
          <input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required /></p>
        </div>
        <p class="actions"><button type="submit">Sign in</button></p>
      </form>`;
}
