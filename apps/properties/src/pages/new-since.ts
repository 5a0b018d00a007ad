import type { Html } from "@quintet/pages";
import { html } from "hono/html";

const hourMs = 3_600_000;
const spans: [label: string, hours: number][] = [
  ["In the last day", 24],
  ["In the last week", 24 * 7],
  ["In the last month", 24 * 30],
];

/** A choice of when properties became visible: moments at the full hour, and the one in the query. */
export function newSinceField(given: string | null, now = Date.now()): Html {
  const choices = spans.map(([label, hours]) => [momentText(now - hours * hourMs), label]);
  const isOther = given !== null && !choices.some(([moment]) => moment === given);
  const all = [["", "At any time"], ...(isOther ? [[given, `Since ${shownMoment(given)}`]] : []), ...choices];
  return html`<select id="newSince" name="newSince" aria-label="New">
                ${all.map(([value = "", label]) => html`<option value="${value}"${value === (given ?? "") ? html` selected` : ""}>${label}</option>`)}
              </select>`;
}

/** The full hour before a time. */
function momentText(time: number): string {
  return new Date(Math.floor(time / hourMs) * hourMs).toISOString().replace(".000", "");
}

/** A moment as people read it; a text that is none stays as it is. */
export function shownMoment(text: string): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
