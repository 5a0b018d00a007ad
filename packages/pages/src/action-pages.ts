import type { InputFault } from "@quintet/http";
import { html } from "hono/html";
import { faultOf, faultSummary, field, hidden } from "./form-parts.ts";
import type { Html } from "./html.ts";

/** What was typed into a form, by the names of its fields. */
export type Texts = Record<string, string>;

/** Why a form was not accepted, shown above it and at its fields. */
export interface Refusal {
  heading: string;
  faults: InputFault[];
}

export interface ConfirmShown {
  title: string;
  /** What will happen. */
  text: string | Html;
  /** The text of the button. */
  label: string;
  /** Where the form is sent to, and where "Cancel" leads. */
  action: string;
  back: { label: string; href: string };
  danger?: boolean;
  refusal?: Refusal | undefined;
}

/** Asks before something is done. */
export function confirmPage({ title, text, label, action, back, danger = false, refusal }: ConfirmShown): Html {
  return html`<p class="back"><a href="${back.href}">${back.label}</a></p>
      <h1>${title}</h1>
      ${refusal ? faultSummary(refusal.heading, refusal.faults) : ""}
      <p>${text}</p>
      <form method="post" action="${action}">
        <p class="actions"><button type="submit"${danger ? html` class="danger"` : ""}>${label}</button> <a class="button quiet" href="${back.href}">Cancel</a></p>
      </form>`;
}

/** A field of a form, without its value. */
export interface FormField {
  name: string;
  label: string;
  hint?: string;
  type?: "text" | "textarea";
  inputMode?: "numeric" | "decimal";
  optional?: boolean;
  /** A choice instead of a text. */
  options?: readonly (readonly [value: string, label: string])[];
}

export interface FormShown {
  title: string;
  lead?: string | Html;
  fields: readonly FormField[];
  texts: Texts;
  label: string;
  action: string;
  back: { label: string; href: string };
  refusal?: Refusal | undefined;
  /** The key of a form whose work is done once, however often it is sent. */
  key?: string | undefined;
}

/** A form of texts and choices, with what was typed and what is wrong with it. */
export function formPage({ title, lead, fields, texts, label, action, back, refusal, key }: FormShown): Html {
  const labels = Object.fromEntries(fields.map((one) => [one.name, one.label]));
  return html`<p class="back"><a href="${back.href}">${back.label}</a></p>
      <h1>${title}</h1>
      ${lead === undefined ? "" : html`<p>${lead}</p>`}
      ${refusal ? faultSummary(refusal.heading, refusal.faults, labels) : ""}
      <form class="sheet" method="post" action="${action}">
        ${key === undefined ? "" : hidden("key", key)}
        <div class="fields">${fields.map((one) => input(one, texts[one.name] ?? "", refusal?.faults ?? []))}</div>
        <p class="actions"><button type="submit">${label}</button> <a class="button quiet" href="${back.href}">Cancel</a></p>
      </form>`;
}

function input({ options, ...shown }: FormField, value: string, faults: InputFault[]): Html {
  if (options === undefined) return field({ ...shown, value, fault: faultOf(faults, shown.name) });
  const { name, label, hint } = shown;
  return html`<div class="field"><label for="${name}">${label}</label>
            ${hint === undefined ? "" : html`<p class="hint" id="${name}-hint">${hint}</p>`}
            <select id="${name}" name="${name}"${hint === undefined ? "" : html` aria-describedby="${name}-hint"`}>
              ${options.map(([option, text]) => html`<option value="${option}"${option === value ? html` selected` : ""}>${text}</option>`)}
            </select></div>`;
}
