import { inputFaults, Problem } from "@quintet/http";
import type { z } from "zod";
import { type OptionalColumn, optionalColumns } from "../source/source.ts";

/** Input of a form by the schema of the API; throws a 422 that names each wrong field. */
export function validForm<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new Problem("unprocessable", "The form has errors.", { errors: inputFaults(parsed.error) });
}

const whole = (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : text);
const decimal = (text: string) => (/^-?\d{1,10}(\.\d{1,15})?$/.test(text) ? Number(text) : text);

const readers: Record<OptionalColumn, (text: string) => string | number> = {
  rooms: whole,
  area: decimal,
  type: (text) => text,
  lat: decimal,
  lon: decimal,
};

/**
 * The texts of a form as the API has them: numbers, null for a field that a property need not have and that is empty, and nothing for one
 * that the table `property` lacks. A price may have separators: `420,000,000`.
 */
export function propertyInput(
  { price = "", year = "", ...texts }: Record<string, string>,
  columns: ReadonlySet<OptionalColumn>,
): Record<string, unknown> {
  const input: Record<string, unknown> = {
    ...texts,
    price: whole(price.replaceAll(/[\s$.,'’]/g, "")),
    year: whole(year.trim()),
  };
  for (const column of optionalColumns) {
    const text = (texts[column] ?? "").trim();
    if (text !== "") input[column] = readers[column](text);
    else if (columns.has(column)) input[column] = null;
    else delete input[column];
  }
  return input;
}
