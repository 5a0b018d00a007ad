import type { InputFault } from "@quintet/http";
import { html } from "hono/html";
import type { Html } from "./html.ts";

/** A field of a form: its label, what was typed, what it is for, and what is wrong with it. */
export interface Field {
  name: string;
  label: string;
  type?: "text" | "email" | "password" | "search" | "textarea";
  /** Which keyboard a phone shows. */
  inputMode?: "numeric" | "decimal";
  /** What was typed. Passwords are never shown again. */
  value?: string;
  /** What a browser may fill in (`username`, `current-password`, `new-password`, …). */
  autocomplete?: string;
  /** Explains the field, below its label. */
  hint?: string | Html;
  fault?: string | undefined;
  minLength?: number;
  maxLength?: number;
  optional?: boolean;
}

/** A field with its label above it, its hint, and its fault below it, all tied together for screen readers. */
export function field(shown: Field): Html {
  const {
    name,
    label,
    type = "text",
    value = "",
    autocomplete = "off",
    hint,
    fault,
    minLength,
    maxLength,
    inputMode,
  } = shown;
  const described = [hint ? `${name}-hint` : "", fault ? `${name}-fault` : ""].filter((id) => id !== "").join(" ");
  const attributes = html`id="${name}" name="${name}"${minLength ? html` minlength="${minLength}"` : ""}${maxLength ? html` maxlength="${maxLength}"` : ""}${inputMode ? html` inputmode="${inputMode}"` : ""}${shown.optional ? "" : html` required`}${type === "text" && autocomplete === "username" ? html` autocapitalize="none" spellcheck="false"` : ""}${fault ? html` aria-invalid="true"` : ""}${described ? html` aria-describedby="${described}"` : ""}`;
  const input =
    type === "textarea"
      ? html`<textarea ${attributes}>
${value}</textarea>`
      : html`<input type="${type}" ${attributes} autocomplete="${autocomplete}"${type === "password" || value === "" ? "" : html` value="${value}"`} />`;
  return html`<div class="field">
            <label for="${name}">${label}${shown.optional ? html` <span class="hint">(optional)</span>` : ""}</label>
            ${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : ""}
            ${input}
            ${fault ? html`<p class="fault" id="${name}-fault">${fault}</p>` : ""}
          </div>`;
}

/** The fault of a field, or of a part of it (`redirectUris.1`). */
export function faultOf(faults: InputFault[], name: string): string | undefined {
  return faults.find(({ path }) => path === name || path.startsWith(`${name}.`))?.message;
}

/** What is wrong with a form, above it: a heading, a link to each field, and what else is to be said. Takes the focus, so that it is read out first. */
export function faultSummary(
  heading: string,
  faults: InputFault[] = [],
  labels: Record<string, string> = {},
  more?: Html,
): Html {
  const items = faults.map(({ path, message }) => {
    const name = path.split(".", 1)[0] ?? path;
    const label = labels[name];
    return label === undefined
      ? html`<li>${path} ${message}</li>`
      : html`<li><a href="#${name}">${label}</a> ${message}</li>`;
  });
  return html`<div class="alert" role="alert" tabindex="-1" autofocus>
        <h2>${heading}</h2>
        ${items.length > 0 ? html`<ul>${items}</ul>` : ""}
        ${more ?? ""}
      </div>`;
}

/** What went well, above the page that is shown next. */
export function doneNotice(text: string | Html): Html {
  return html`<div class="done" role="status"><p>${text}</p></div>`;
}

/** A hidden field. */
export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`;
}
