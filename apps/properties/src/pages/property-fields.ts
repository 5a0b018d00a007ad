import type { FormField } from "@quintet/pages";
import { allStatuses } from "../properties/statuses.ts";
import { type OptionalColumn, optionalColumns } from "../source/source.ts";
import { statusLabel } from "./property-texts.ts";

const optionalFields: Record<OptionalColumn, Omit<FormField, "name">> = {
  type: { label: "Type", hint: "Such as apartamento or casa." },
  rooms: { label: "Rooms", inputMode: "numeric" },
  area: { label: "Area", hint: "In m², such as 85 or 85.5.", inputMode: "decimal" },
  lat: { label: "Latitude", hint: "In degrees, such as 4.648625. With the longitude it is on the map." },
  lon: { label: "Longitude", hint: "In degrees, such as -74.062753." },
};

const optional = (name: OptionalColumn): FormField => ({ name, ...optionalFields[name], optional: true });

/** The fields of a property in a form: all that a property can have. */
export const propertyFields: readonly FormField[] = [
  { name: "address", label: "Address" },
  { name: "city", label: "City" },
  ...(["type", "rooms", "area"] as const).map(optional),
  {
    name: "price",
    label: "Price",
    hint: "In Colombian pesos, with or without separators, such as 420,000,000.",
    inputMode: "numeric",
  },
  { name: "year", label: "Year built", inputMode: "numeric" },
  ...(["lat", "lon"] as const).map(optional),
  { name: "description", label: "Description", type: "textarea", optional: true },
];

/** Those of the fields that the table `property` has. */
export function fieldsWith(columns: ReadonlySet<OptionalColumn>): FormField[] {
  const isMissing = (name: string) => optionalColumns.some((column) => column === name && !columns.has(column));
  return propertyFields.filter(({ name }) => !isMissing(name));
}

export const statusField: FormField = {
  name: "status",
  label: "Status",
  hint: "Only pre-sale, for sale and sold are public.",
  options: allStatuses.map((status) => [status, statusLabel(status)]),
};
