import type { InputFault } from "@quintet/http";
import { counted, faultOf, faultSummary, field, type Html, hidden } from "@quintet/pages";
import { html } from "hono/html";
import type { Property } from "../properties/property.ts";
import { actionPath, propertyPath } from "./frame.ts";
import { propertyFields } from "./property-fields.ts";
import { titleOf } from "./property-texts.ts";

/** The fields of a property as texts of a form. */
export type PropertyTexts = Record<string, string>;

export function textsOf({ address, city, price, year, description }: Property): PropertyTexts {
  return {
    address: address ?? "",
    city: city ?? "",
    price: price === null ? "" : counted(price),
    year: year === null ? "" : String(year),
    description: description ?? "",
  };
}

interface EditShown {
  property: Property;
  texts: PropertyTexts;
  /** The version that the form is based on. */
  version: string;
  faults: InputFault[];
  /** What the property has now, when somebody else has changed it meanwhile. */
  present?: PropertyTexts;
}

const labels = Object.fromEntries(propertyFields.map(({ name, label }) => [name, label]));

/** The form that changes a property; what was typed is kept, and shown beside what somebody else has saved meanwhile. */
export function editPage({ property, texts, version, faults, present }: EditShown): Html {
  const { id } = property;
  return html`<p class="back"><a href="${propertyPath(id)}">${titleOf(property)}</a></p>
      <h1>Edit</h1>
      ${faults.length > 0 ? faultSummary("Nothing was changed", faults, labels) : ""}
      ${present ? overtaken(present, texts) : ""}
      <form class="sheet" method="post" action="${actionPath(id, "edit")}">
        ${hidden("version", version)}
        <div class="fields">
          ${propertyFields.map(({ options: _, ...one }) => field({ ...one, value: texts[one.name] ?? "", fault: faultOf(faults, one.name) }))}
        </div>
        <p class="actions"><button type="submit">${present ? "Save mine" : "Save"}</button> <a class="button quiet" href="${propertyPath(id)}">Cancel</a></p>
      </form>`;
}

function overtaken(present: PropertyTexts, texts: PropertyTexts): Html {
  const changed = propertyFields.filter(({ name }) => (present[name] ?? "") !== (texts[name] ?? "").trim());
  const differences =
    changed.length === 0
      ? html`<p>It has now what you typed.</p>`
      : html`<dl class="facts">${changed.map(({ name, label }) => html`<dt>${label}</dt><dd>${present[name] === "" ? "empty" : present[name]}</dd>`)}</dl>`;
  const more = html`<p>This is what it has now, where it differs from what you typed. Nothing is lost: your text is in the form below, and “Save mine” replaces theirs.</p>${differences}`;
  return faultSummary("Someone else has changed this property in the meantime", [], {}, more);
}
