import { counted, filterBar, type Html, shownTime, size } from "@quintet/pages";
import { html } from "hono/html";
import { messageStates, type StoredMessage } from "../commands/browse-commands.ts";
import { unpack } from "../messages/packed.ts";
import { messagePath, queuePath } from "./frame.ts";

/** Longer bodies are cut in the list. */
export const listedBodyBytes = 150;

export interface MessagesShown {
  name: string;
  /** The filters of the list, as they are in its URL. */
  query: { state: string; groupId: string; id: string };
  messages: StoredMessage[];
  /** The cursor of the next page. */
  next: string | null;
  isFirst: boolean;
}

/** The messages of a queue, without receiving them. */
export function messagesPage({ name, query, messages, next, isFirst }: MessagesShown): Html {
  const path = `${queuePath(name)}/messages`;
  const filters = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
  const to = (more: Record<string, string>) => `${path}?${new URLSearchParams({ ...filters, ...more })}`;
  const options = [
    ["", "All"],
    ...messageStates.map((state) => [state, state.charAt(0).toUpperCase() + state.slice(1)]),
  ];
  return html`<p class="back"><a href="${queuePath(name)}">${name}</a></p>
      <h1>Messages</h1>
      ${filterBar({
        action: path,
        filters: [
          { name: "state", label: "State", value: query.state, options: options as [string, string][] },
          { name: "groupId", label: "Group", value: query.groupId, maxLength: 128 },
          { name: "id", label: "Message id", value: query.id, maxLength: 100 },
        ],
        submit: "Show",
      })}
      <div${isFirst ? html` data-refresh="5"` : ""} data-live-part="messages">
        ${messages.length === 0 ? html`<p class="empty">${next === null ? "There are no such messages." : "None so far: the search goes on on the next page."}</p>` : table(name, messages)}
        ${
          isFirst && next === null
            ? ""
            : html`<nav class="pages" aria-label="Pages of messages"><ul>
          ${isFirst ? "" : html`<li><a href="${to({})}">First page</a></li>`}
          ${next === null ? "" : html`<li><a href="${to({ cursor: next })}" rel="next">Next page</a></li>`}
        </ul></nav>`
        }
      </div>`;
}

function table(name: string, messages: StoredMessage[]): Html {
  return html`<div class="table"><table>
          <caption class="hidden">Messages</caption>
          <thead><tr><th scope="col">Message</th><th scope="col">State</th><th scope="col">Receives</th><th scope="col">Sent</th></tr></thead>
          <tbody>
            ${messages.map((message) => row(name, message))}
          </tbody>
        </table></div>`;
}

function row(name: string, message: StoredMessage): Html {
  const { id, state, receives, sentAt, bytes, groupId, cutBytes } = message;
  return html`<tr>
              <th scope="row"><a href="${messagePath(name, id)}">${id}</a><br /><code class="start">${bodyStart(message)}${cutBytes > 0 ? "…" : ""}</code></th>
              <td>${state}${groupId === "" ? "" : html`<br /><span class="hint">group ${groupId}</span>`}</td>
              <td><span class="narrow-label">Receives</span> ${counted(receives)}</td>
              <td><span class="narrow-label">Sent</span> ${shownTime(new Date(sentAt))}<br /><span class="hint">${size(bytes)}</span></td>
            </tr>
            `;
}

/** The body of a message whose payload may be cut; a character that was cut in two is left out. */
export function bodyStart({ payload, cutBytes }: StoredMessage): string {
  const { body } = unpack(payload);
  return cutBytes > 0 ? body.replace(/\ufffd+$/, "") : body;
}
