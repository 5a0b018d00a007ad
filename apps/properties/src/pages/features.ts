import { counted, plural } from "@quintet/pages";
import type { OptionalFields } from "../properties/property.ts";

type Features = Partial<OptionalFields>;

/** A type with a capital letter: `Apartamento`. */
export function typeText(type: string): string {
  const [first = "", ...rest] = [...type];
  return first.toLocaleUpperCase("es") + rest.join("");
}

/** An area: `85 m²`. */
export function areaText(area: number): string {
  return `${counted(area)}\u00a0m²`;
}

/** What is known of type, rooms and area: `Apartamento · 3 rooms · 85 m²`. Empty when nothing is. */
export function featuresText({ type, rooms, area }: Features): string {
  const known = [
    type === undefined ? "" : typeText(type),
    rooms === undefined ? "" : plural(rooms, "room"),
    area === undefined ? "" : areaText(area),
  ];
  return known.filter((text) => text !== "").join(" · ");
}

/** The price of a square metre: `$4,940,000`. Undefined when price or area are not known. */
export function metrePriceText({
  price,
  area,
}: {
  price: number | null;
  area?: number | undefined;
}): string | undefined {
  if (price === null || !area) return undefined;
  return `$${counted(Math.round(price / area))}`;
}
