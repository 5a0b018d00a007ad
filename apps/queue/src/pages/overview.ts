import { counted, duration, filterBar, type Html, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { Figures } from "../figures/figures.ts";
import type { MinuteOfQueue } from "../figures/rates.ts";
import type { BrokenQueueView } from "../queues/queues.ts";
import { home, queuePath } from "./frame.ts";
import { rateRow } from "./rate-plots.ts";

/** The orders of the list, with the texts of their choice. */
export const orders = {
  attention: "What needs attention",
  length: "Most messages",
  name: "Name",
} as const;
export type Order = keyof typeof orders;

/** What is searched for, and which page is shown. */
export interface OverviewQuery {
  name: string;
  order: Order;
  /** From 1. */
  page: number;
}

export const queuesPerPage = 25;

export interface OverviewShown {
  query: OverviewQuery;
  /** All queues that the account may read. */
  all: Figures[];
  /** Those that the query selects, in its order, and the last hour of those on the page. */
  selected: Figures[];
  minutes: MinuteOfQueue[][];
  broken: BrokenQueueView[];
  /** Messages in the simple queue of the account; undefined when it cannot be read. */
  simple: number | undefined;
}

/** All queues that the account may read: how much is in them, how old it is, and what happened in the last hour. */
export function overviewPage({ query, all, selected, minutes, broken, simple }: OverviewShown): Html {
  const { name, order } = query;
  const options = Object.entries(orders);
  return html`<h1>Queues</h1>
      ${filterBar({
        action: `${home}/find`,
        filters: [
          { name: "name", label: "Name", value: name, maxLength: 80 },
          { name: "order", label: "First", value: order, options },
        ],
        submit: "Find",
        live: true,
      })}
      <div data-refresh="5" data-live-part="queues">
        ${summary(all, simple)}
        ${broken.length === 0 ? "" : brokenList(broken)}
        ${selected.length === 0 ? empty(name, all.length) : table(query, selected, minutes)}
        ${pageLinks(query, selected.length)}
      </div>
      <p class="actions"><a class="button" href="${home}/new-queue">New queue</a></p>`;
}

function summary(all: Figures[], simple: number | undefined): Html {
  const sum = (of: (one: Figures) => number) => all.reduce((total, one) => total + of(one), 0);
  const dead = sum((one) => one.dead);
  return html`<p class="lead">${plural(all.length, "queue")}, ${plural(
    sum((one) => one.length),
    "message",
  )}${dead > 0 ? html`, ${plural(dead, "dead letter")}` : ""}.
          ${simple === undefined ? "" : html`${plural(simple, "message")} in the simple queue.`}</p>`;
}

function brokenList(broken: BrokenQueueView[]): Html {
  return html`<div class="alert"><h2>Queues that cannot be used</h2>
          <ul>${broken.map(({ name, why }) => html`<li><a href="${queuePath(name)}">${name}</a>: ${why}</li>`)}</ul></div>`;
}

function empty(name: string, all: number): Html {
  if (all > 0) return html`<p class="empty">No queue has “${name}” in its name.</p>`;
  return html`<p class="empty">There are no queues yet. A new queue is listed here two seconds after its creation.</p>`;
}

function table({ page }: OverviewQuery, selected: Figures[], minutes: MinuteOfQueue[][]): Html {
  const shown = selected.slice((page - 1) * queuesPerPage, page * queuesPerPage);
  return html`<div class="table"><table class="plotted">
          <caption class="hidden">Queues</caption>
          <thead><tr><th scope="col">Queue</th><th scope="col">Messages</th><th scope="col">Oldest</th><th scope="col">Last hour</th></tr></thead>
          <tbody>
            ${shown.map((one, i) => row(one, minutes[i] ?? []))}
          </tbody>
        </table></div>`;
}

function row(one: Figures, minutes: MinuteOfQueue[]): Html {
  const { name, length, oldestAgeSeconds, deadLetterQueue } = one;
  const states = (["ready", "blocked", "delayed", "leased", "dead", "moving"] as const).filter(
    (state) => one[state] > 0,
  );
  const parts = states.map((state) => `${counted(one[state])} ${state}`).join(", ");
  return html`<tr>
              <th scope="row"><a href="${queuePath(name)}">${name}</a>${deadLetterQueue === null ? "" : html`<br /><span class="hint">dead letters go to ${deadLetterQueue}</span>`}</th>
              <td><strong>${counted(length)}</strong>${parts === "" ? "" : html`<br /><span class="hint${one.dead > 0 ? " dead" : ""}">${parts}</span>`}</td>
              <td><span class="narrow-label">Oldest</span> ${oldestAgeSeconds === null ? "–" : duration(oldestAgeSeconds)}</td>
              <td>${rateRow(name, minutes)}</td>
            </tr>
            `;
}

function pageLinks({ name, order, page }: OverviewQuery, total: number): Html | "" {
  const last = Math.ceil(total / queuesPerPage);
  if (last <= 1 && page === 1) return "";
  const link = (label: string, to: number) => {
    const query = new URLSearchParams({ name, order, page: String(to) });
    return to < 1 || to > last ? "" : html`<li><a href="${home}/find?${query}">${label}</a></li>`;
  };
  return html`<nav class="pages" aria-label="Pages of queues"><ul>
          ${link("Previous", Math.min(page - 1, last))}<li><span aria-current="page">${counted(page)} of ${counted(last)}</span></li>${link("Next", page + 1)}
        </ul></nav>`;
}
