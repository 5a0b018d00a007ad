import { counted, duration, type Html, plural, shownTime, size } from "@quintet/pages";
import { html } from "hono/html";
import type { StoredMessage } from "../commands/browse-commands.ts";
import { type Attributes, unpack } from "../messages/packed.ts";
import type { Allowed } from "../queues/access.ts";
import { messagePath, queuePath } from "./frame.ts";
import { bodyStart } from "./messages-page.ts";

/** Longer bodies are cut on the page of a message, which links to the whole. */
export const shownBodyBytes = 16 * 1024;

export interface MessageShown {
  name: string;
  message: StoredMessage;
  allowed: Allowed;
  /** Ms since 1970. */
  now: number;
}

/** One message: its body and attributes, what happened to it, and what may be done with it. */
export function messagePage({ name, message, allowed, now }: MessageShown): Html {
  const { id, state, cutBytes, bytes } = message;
  const path = messagePath(name, id);
  const action = (what: string, label: string, look = "quiet") =>
    html` <a class="button ${look}" href="${path}/actions/${what}">${label}</a>`;
  const waits = state === "ready" || state === "blocked" || state === "delayed";
  return html`<p class="back"><a href="${queuePath(name)}/messages">Messages of ${name}</a></p>
      <h1>Message</h1>
      <p class="lead"><code>${id}</code> <span class="tag">${state}</span></p>
      <section aria-labelledby="body"><h2 id="body">Body</h2>
        <pre tabindex="0" class="body"><code>${bodyStart(message)}${cutBytes > 0 ? "…" : ""}</code></pre>
        <p class="hint">${size(bytes)}. <a href="${path}/body">${cutBytes > 0 ? "Show the whole body" : "Body as plain text"}</a></p>
      </section>
      ${attributes(message)}
      <section class="part" aria-labelledby="history"><h2 id="history">History</h2>${history(name, message, now)}</section>
      <section class="part" aria-labelledby="order"><h2 id="order">Order and deduplication</h2>${order(message)}</section>
      ${
        allowed.receive
          ? html`<p class="actions">${waits ? action("postpone", state === "delayed" ? "Change its delay" : "Put it off") : ""}${message.origin === "" && state !== "dead" ? "" : action("redrive", "Redrive")}${state === "moving" ? "" : action("cancel", "Cancel the message", "quiet danger")}</p>`
          : ""
      }`;
}

function attributes({ payload, cutBytes }: StoredMessage): Html | "" {
  const text = unpack(payload).attributes;
  if (text === "") return "";
  const found = readAttributes(text);
  if (!found) return cutBytes > 0 ? html`<p class="hint">The attributes are too long to be shown here.</p>` : "";
  return html`<section class="part" aria-labelledby="attributes"><h2 id="attributes">Attributes</h2>
        <dl class="facts">${Object.entries(found).map(([name, { type, value }]) => html`<dt>${name}</dt><dd><code>${value}</code> <span class="hint">${type}</span></dd>`)}</dl>
      </section>`;
}

/** The attributes; undefined when their text was cut. */
function readAttributes(text: string): Attributes | undefined {
  try {
    return JSON.parse(text) as Attributes;
  } catch {
    return undefined;
  }
}

/** What happened to a message, in order. */
function history(name: string, message: StoredMessage, now: number): Html {
  const { sentAt, sender, firstReceivedAt, receives, leaseEnd, availableAt, state, origin } = message;
  const path = origin === "" ? [] : origin.split("/");
  const entry = (at: number, what: string | Html) => html`<dt>${shownTime(new Date(at))}</dt><dd>${what}</dd>`;
  const from = path.map((queue) => html`<a href="${queuePath(queue)}">${queue}</a> → `);
  return html`<dl class="facts">
        ${entry(sentAt, sender === "" ? "Sent" : `Sent by account ${sender}`)}
        ${path.length === 0 ? "" : html`<dt>Dead letter</dt><dd>${from}${name}</dd>`}
        ${firstReceivedAt > 0 ? entry(firstReceivedAt, "First received") : ""}
        <dt>Received</dt><dd>${receives === 0 ? "Never in this queue" : plural(receives, "time")}</dd>
        ${state === "leased" ? entry(leaseEnd, `End of its lease, in ${duration((leaseEnd - now) / 1000)}`) : ""}
        ${state === "delayed" ? entry(availableAt, `End of its delay, in ${duration((availableAt - now) / 1000)}`) : ""}
        ${(state === "ready" || state === "blocked") && availableAt > 0 ? entry(availableAt, `Available since then, for ${duration((now - availableAt) / 1000)}`) : ""}
      </dl>`;
}

function order({ priority, groupId, tenantId, dedupeId }: StoredMessage): Html {
  return html`<dl class="facts">
        <dt>Priority</dt><dd>${counted(priority)}</dd>
        <dt>Group</dt><dd>${groupId || "None"}</dd>
        <dt>Tenant</dt><dd>${tenantId || "None"}</dd>
        <dt>Deduplication id</dt><dd>${dedupeId || "None"}</dd>
      </dl>`;
}
