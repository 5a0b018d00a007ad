import type { InputFault } from "@quintet/http";
import { counted, type FormField, faultOf, faultSummary, field, type Html, hidden } from "@quintet/pages";
import { html } from "hono/html";
import type { Property } from "../properties/property.ts";
import { optionalColumns } from "../source/source.ts";
import { actionPath, propertyPath } from "./frame.ts";
import { titleOf } from "./property-texts.ts";

/** The fields of a property as texts of a form. */
export type PropertyTexts = Record<string, string>;

export function textsOf(property: Property): PropertyTexts {
  const { address, city, price, year, description } = property;
  return {
    address: address ?? "",
    city: city ?? "",
    price: price === null ? "" : counted(price),
    year: year === null ? "" : String(year),
    description: description ?? "",
    ...Object.fromEntries(optionalColumns.map((column) => [column, String(property[column] ?? "")])),
  };
}

interface EditShown {
  property: Property;
  /** The fields that the table `property` has. */
  fields: readonly FormField[];
  texts: PropertyTexts;
  /** The version that the form is based on. */
  version: string;
  faults: InputFault[];
  /** What the property has now, when somebody else has changed it meanwhile. */
  present?: PropertyTexts;
}

/** The form that changes a property; what was typed is kept, and shown beside what somebody else has saved meanwhile. */
export function editPage({ property, fields, texts, version, faults, present }: EditShown): Html {
  const { id } = property;
  const labels = Object.fromEntries(fields.map(({ name, label }) => [name, label]));
  return html`<p class="back"><a href="${propertyPath(id)}">${titleOf(property)}</a></p>
      <h1>Edit</h1>
      ${faults.length > 0 ? faultSummary("Nothing was changed", faults, labels) : ""}
      ${present ? overtaken(fields, present, texts) : ""}
      <form class="sheet" method="post" action="${actionPath(id, "edit")}">
        ${hidden("version", version)}
        <div class="fields">
          ${fields.map(({ options: _, ...one }) => field({ ...one, value: texts[one.name] ?? "", fault: faultOf(faults, one.name) }))}
        </div>
        <p class="actions"><button type="submit">${present ? "Save mine" : "Save"}</button> <a class="button quiet" href="${propertyPath(id)}">Cancel</a></p>
      </form>`;
}

function overtaken(fields: readonly FormField[], present: PropertyTexts, texts: PropertyTexts): Html {
  const changed = fields.filter(({ name }) => (present[name] ?? "") !== (texts[name] ?? "").trim());
  const differences = html`<dl class="facts">${changed.map(({ name, label }) => html`<dt>${label}</dt><dd>${present[name] === "" ? "empty" : present[name]}</dd>`)}</dl>`;
  const more = html`<p>This is what it has now, where it differs from what you typed. Nothing is lost: your text is in the form below, and “Save mine” replaces theirs.</p>${differences}`;
  return faultSummary("Someone else has changed this property in the meantime", [], {}, more);
}
