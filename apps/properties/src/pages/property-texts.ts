import { counted, type Html, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { Property } from "../properties/property.ts";
import type { Status } from "../properties/statuses.ts";

const labels: Record<Status, string> = {
  comprando: "Being bought",
  comprado: "Bought",
  pre_venta: "Pre-sale",
  en_venta: "For sale",
  vendido: "Sold",
};

/** A status as people read it; one that only the table `status` knows has its own name. */
export function statusLabel(status: string | null): string {
  if (status === null) return "No status";
  return Object.hasOwn(labels, status) ? labels[status as Status] : status;
}

/** A status as a label on a property. */
export function statusTag(status: string | null): Html {
  const kind = status === "en_venta" ? " open" : "";
  return html`<span class="tag${kind}">${statusLabel(status)}</span>`;
}

/** A price in Colombian pesos: `$420,000,000`. */
export function priceText(price: number | null): string {
  return price === null ? "Price on request" : `$${counted(price)}`;
}

/** The name of a property: its address, or its number. */
export function titleOf({ id, address }: Pick<Property, "id" | "address">): string {
  return address === null || address.trim() === "" ? `Property ${id}` : address;
}

/** A year of construction. */
export function builtText(year: number | null): string {
  return year === null ? "Year unknown" : `Built ${year}`;
}

/** The beginning of a text, cut between words, of `max` characters or a few more. */
export function excerpt(text: string | null, max = 150): string {
  const characters = [...(text ?? "").trim()];
  if (characters.length <= max) return characters.join("");
  const cut = characters.slice(0, max).join("");
  const end = cut.lastIndexOf(" ");
  return `${end > max / 2 ? cut.slice(0, end) : cut}…`;
}

const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

/** A day: `22 Nov 2026`. */
export function dayText(at: Date): Html {
  return html`<time datetime="${at.toISOString()}">${days.format(at)}</time>`;
}

/** A time, or what is said when there is none. */
export function timeText(at: Date | null): Html | string {
  return at === null ? "at an unknown time" : shownTime(at);
}
