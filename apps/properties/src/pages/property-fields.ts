import type { FormField } from "@quintet/pages";
import { allStatuses } from "../properties/statuses.ts";
import { statusLabel } from "./property-texts.ts";

/** The fields of a property in a form. */
export const propertyFields: readonly FormField[] = [
  { name: "address", label: "Address" },
  { name: "city", label: "City" },
  { name: "price", label: "Price", hint: "In Colombian pesos, with or without separators, such as 420,000,000." },
  { name: "year", label: "Year built" },
  { name: "description", label: "Description", type: "textarea", optional: true },
];

export const statusField: FormField = {
  name: "status",
  label: "Status",
  hint: "Only pre-sale, for sale and sold are public.",
  options: allStatuses.map((status) => [status, statusLabel(status)]),
};
