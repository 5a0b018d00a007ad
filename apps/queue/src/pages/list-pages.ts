import { type Html, plural, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { ScheduleView } from "../schedules/schedules.ts";
import type { AccessKey } from "../sqs/access-keys/access-keys.ts";
import type { SubscriptionView } from "../webhooks/subscriptions.ts";
import { home, queuePath } from "./frame.ts";

interface ListPage {
  title: string;
  lead: string | Html;
  back?: { label: string; href: string };
  /** The titles of the columns; the last column has a button and no title. */
  columns: readonly string[];
  rows: readonly Html[];
  empty: string;
  add: { label: string; href: string };
  /** The link to the next page. */
  next?: string | undefined;
}

function listPage({ title, lead, back, columns, rows, empty, add, next }: ListPage): Html {
  return html`${back ? html`<p class="back"><a href="${back.href}">${back.label}</a></p>` : ""}
      <h1>${title}</h1>
      <p class="lead">${lead}</p>
      ${
        rows.length === 0
          ? html`<p class="empty">${empty}</p>`
          : html`<div class="table"><table>
          <caption class="hidden">${title}</caption>
          <thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}<th scope="col"><span class="hidden">Action</span></th></tr></thead>
          <tbody>${rows}</tbody>
        </table></div>`
      }
      ${next === undefined ? "" : html`<nav class="pages" aria-label="Pages"><ul><li><a href="${next}" rel="next">Next page</a></li></ul></nav>`}
      <p class="actions"><a class="button" href="${add.href}">${add.label}</a></p>`;
}

const timeOr = (at: string | null, otherwise: string) => (at === null ? otherwise : shownTime(at));

/** The link to the page that asks before something is deleted. */
function deleteCell(path: string, name: string): Html {
  return html`<td class="act"><a class="button quiet danger small" href="${path}/delete">Delete<span class="hidden"> ${name}</span></a></td>`;
}

/** The access keys of an account. */
export function accessKeysPage(keys: AccessKey[]): Html {
  return listPage({
    title: "Access keys",
    lead: html`They sign requests to the Amazon SQS protocol at <code>${home}/sqs</code>, in your name.`,
    columns: ["Key", "Created", "Last used"],
    rows: keys.map(
      ({ accessKeyId, createdAt, lastUsedAt }) => html`<tr>
            <th scope="row"><code>${accessKeyId}</code></th>
            <td><span class="narrow-label">Created</span> ${shownTime(createdAt)}</td>
            <td><span class="narrow-label">Last used</span> ${timeOr(lastUsedAt, "Never")}</td>
            ${deleteCell(`${home}/access-keys/${accessKeyId}`, accessKeyId)}
          </tr>`,
    ),
    empty: "You have no access keys.",
    add: { label: "New access key", href: `${home}/new-access-key` },
  });
}

/** Something that is created just now and has a secret, which is shown only once. */
export function secretPage(shown: {
  title: string;
  secret: string;
  facts: [string, string][];
  back: { label: string; href: string };
}): Html {
  const { title, secret, facts, back } = shown;
  return html`<p class="back"><a href="${back.href}">${back.label}</a></p>
      <h1>${title}</h1>
      <div class="sheet once">
        <h2 id="secret">Its secret</h2>
        <p>Copy it now. It is shown only once.</p>
        <p><code class="secret" aria-labelledby="secret" tabindex="0">${secret}</code></p>
        <dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>`)}</dl>
      </div>`;
}

/** Recurring messages. */
export function schedulesPage(schedules: ScheduleView[], next: string | undefined): Html {
  return listPage({
    title: "Schedules",
    lead: "Messages that are sent to a queue again and again, at the times of a cron expression.",
    columns: ["Schedule", "When", "Queue", "Next", "Last"],
    rows: schedules.map(
      ({ name, cron, timeZone, queue, nextFireAt, lastFireAt, lastError }) => html`<tr>
            <th scope="row">${name}</th>
            <td><code>${cron}</code><br /><span class="hint">${timeZone}</span></td>
            <td><span class="narrow-label">Queue</span> <a href="${queuePath(queue)}">${queue}</a></td>
            <td><span class="narrow-label">Next</span> ${timeOr(nextFireAt, "None")}</td>
            <td><span class="narrow-label">Last</span> ${timeOr(lastFireAt, "None yet")}${lastError === null ? "" : html`<br /><span class="fault">${lastError}</span>`}</td>
            ${deleteCell(`${home}/schedules/${name}`, name)}
          </tr>`,
    ),
    empty: "There are no schedules.",
    add: { label: "New schedule", href: `${home}/new-schedule` },
    next,
  });
}

/** The webhooks of a queue. */
export function subscriptionsPage(queue: string, subscriptions: SubscriptionView[], next: string | undefined): Html {
  const path = `${queuePath(queue)}/subscriptions`;
  return listPage({
    title: "Webhooks",
    lead: html`The messages of ${queue} are sent to these URLs.`,
    back: { label: queue, href: queuePath(queue) },
    columns: ["Webhook", "State", "Last delivery"],
    rows: subscriptions.map(
      ({ id, url, status, stoppedBecause, delivered, failed, lastDeliveryAt, lastError }) => html`<tr>
            <th scope="row">${id}<br /><code class="start">${url}</code></th>
            <td>${status}${stoppedBecause === null ? "" : html`<br /><span class="fault">${stoppedBecause}</span>`}<br /><span class="hint">${plural(delivered, "delivery", "deliveries")}, ${failed} failed</span></td>
            <td><span class="narrow-label">Last delivery</span> ${timeOr(lastDeliveryAt, "None yet")}${lastError === null ? "" : html`<br /><span class="fault">${lastError}</span>`}</td>
            ${deleteCell(`${path}/${id}`, id)}
          </tr>`,
    ),
    empty: "The queue has no webhooks.",
    add: { label: "New webhook", href: `${queuePath(queue)}/actions/new-webhook` },
    next,
  });
}
