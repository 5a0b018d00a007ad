import { type Scope, scopeNames, scopes } from "@quintet/auth";
import { readScopes } from "@quintet/auth/issuer";
import type { InputFault } from "@quintet/http";
import { doneNotice, faultOf, faultSummary, field, type Html, hidden, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { ApiClient } from "../clients/client-queries.ts";

/** What was typed into the form for a new client. */
export interface ClientTexts {
  name: string;
  /** Space-separated. */
  scope: string;
  /** One a line. */
  redirectUris: string;
  kind: string;
}

const labels = {
  name: "Name",
  scope: "What it may do",
  redirectUris: "Redirect addresses",
  kind: "Kind",
  confidential: "Kind",
};

/** The scopes by what they are about, in the order of the list. */
function groups(): [string, Scope[]][] {
  const titles: Record<string, string> = {
    account: "Your account",
    accounts: "Other accounts",
    properties: "Listings",
    ingest: "Tables and reports",
    directory: "Directory",
    queue: "Queues",
    social: "Posts",
  };
  const found = new Map<string, Scope[]>();
  for (const name of scopeNames.filter((one) => one !== "all")) {
    const about = name.split(":", 1)[0] ?? "";
    const title = titles[about] ?? about;
    found.set(title, [...(found.get(title) ?? []), name]);
  }
  return [...found];
}

/** The form that registers a client. */
export function newClientPage(shown: {
  texts: ClientTexts;
  formToken: string;
  refusal?: { heading: string; faults: InputFault[] };
}): Html {
  const { texts, formToken, refusal } = shown;
  const faults = refusal?.faults ?? [];
  const chosen = new Set(texts.scope.split(" "));
  const box = (name: Scope) =>
    html`<label class="choice"><input type="checkbox" name="scope" value="${name}"${chosen.has(name) ? html` checked` : ""} /> <span>${capital(scopes[name])} <code>${name}</code></span></label>`;
  const radio = (value: string, title: string, line: string) =>
    html`<label class="choice"><input type="radio" name="kind" value="${value}"${texts.kind === value ? html` checked` : ""} required /> <span><strong>${title}</strong><br /><span class="hint">${line}</span></span></label>`;
  return html`<p class="back"><a href="/auth/account#clients">My account</a></p>
      <h1>Register an API client</h1>
      ${refusal ? faultSummary(refusal.heading, faults, labels) : ""}
      <form class="sheet" method="post" action="/auth/account/clients">
        ${hidden("form_token", formToken)}
        <div class="fields">
          ${field({ name: "name", label: labels.name, value: texts.name, maxLength: 100, hint: "Shown to people who are asked for consent.", fault: faultOf(faults, "name") })}
          <fieldset id="kind">
            <legend>Kind</legend>
            ${radio("confidential", "Confidential", "A program on a server, which can keep a secret. It gets one.")}
            ${radio("public", "Public", "A native app, a command line or a page in a browser: anybody could read a secret in it.")}
          </fieldset>
          ${field({ name: "redirectUris", label: labels.redirectUris, type: "textarea", value: texts.redirectUris, optional: true, hint: "One a line: where people come back to after they were asked. https://…, http://127.0.0.1/… or a scheme such as com.example.app:/…. Not needed for a program that acts for you alone.", fault: faultOf(faults, "redirectUris") })}
          <fieldset id="scope"${faultOf(faults, "scope") ? html` aria-describedby="scope-fault"` : ""}>
            <legend>What it may do</legend>
            ${faultOf(faults, "scope") ? html`<p class="fault" id="scope-fault">${faultOf(faults, "scope")}</p>` : ""}
            ${box("all")}
            ${groups().map(([title, names]) => html`<p class="group">${title}</p>${names.map(box)}`)}
          </fieldset>
        </div>
        <p class="actions"><button type="submit">Register</button> <a class="button quiet" href="/auth/account#clients">Cancel</a></p>
      </form>`;
}

/** One client, with a link to remove it. Right after its creation it also shows the secret, which is shown only once. */
export function clientPage(shown: {
  client: ApiClient;
  formToken: string;
  made?: { secret: string | undefined };
}): Html {
  const { client, formToken, made } = shown;
  return html`<p class="back"><a href="/auth/account#clients">My account</a></p>
      <h1>${client.name}</h1>
      ${made ? doneNotice("The API client is registered.") : ""}
      ${
        made?.secret === undefined
          ? ""
          : html`<div class="sheet once">
        <h2 id="secret">Its secret</h2>
        <p>Copy it now. It is shown only once.</p>
        <p><code class="secret" aria-labelledby="secret" tabindex="0">${made.secret}</code></p>
      </div>`
      }
      <div class="sheet">
        <dl class="facts">
          <dt>Client id</dt><dd><code>${client.id}</code></dd>
          <dt>Kind</dt><dd>${client.secretHash === null ? "Public: it has no secret" : "Confidential: it has a secret"}</dd>
          <dt>May</dt><dd><ul class="plain-list">${[...readScopes(client.scope)].map((name) => html`<li>${capital(scopes[name])} <code>${name}</code></li>`)}</ul></dd>
          <dt>Redirect addresses</dt><dd>${client.redirectUris.length === 0 ? "None" : html`<ul class="plain-list">${client.redirectUris.map((uri) => html`<li><code>${uri}</code></li>`)}</ul>`}</dd>
          <dt>Created</dt><dd>${shownTime(client.createdAt)}</dd>
        </dl>
      </div>
      <section class="part" aria-labelledby="remove">
        <h2 id="remove">Remove it</h2>
        <p>Its sessions and tokens end at once. This cannot be undone.</p>
        <form method="post" action="/auth/account/clients/${client.id}/remove">
          ${hidden("form_token", formToken)}
          <p class="actions"><button class="danger" type="submit">Remove ${client.name}</button></p>
        </form>
      </section>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
