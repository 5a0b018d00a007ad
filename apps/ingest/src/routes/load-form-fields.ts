import { inputFaults, Problem } from "@quintet/http";
import type { FormField, Texts } from "@quintet/pages";
import { z } from "zod";
import { csvQuery } from "./csv.ts";

interface Property {
  enum?: string[];
  default?: unknown;
  description?: string;
}

const { properties } = z.toJSONSchema(csvQuery, { io: "input" }) as { properties: Record<string, Property> };

/** The parameters that the form has in another way: a button. */
const elsewhere = new Set(["dryRun"]);

/** `maxRejects` is "Max rejects". */
function labelOf(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The choices of a parameter, its default first; without a default, what the file itself has. */
function choicesOf({ enum: values = [], default: first }: Property): [string, string][] {
  const sorted = [...values].sort((a, b) => Number(b === first) - Number(a === first));
  const words: Record<string, string> = { true: "Yes", false: "No" };
  const choices = sorted.map((value): [string, string] => [value, words[value] ?? value]);
  return first === undefined ? [["", "As in the file"], ...choices] : choices;
}

/** A field for each parameter of `POST /{table}/csv`, in its order. */
export const loadFields: readonly FormField[] = Object.entries(properties)
  .filter(([name]) => !elsewhere.has(name))
  .map(([name, property]) => ({
    name,
    label: labelOf(name),
    hint: (property.description ?? "").replaceAll("`", ""),
    optional: true,
    ...(property.enum && { options: choicesOf(property) }),
  }));

/** The parameters that a form means. An empty field is the default. Throws a 422 that names each wrong field, also an unknown one. */
export function loadQueryFrom(texts: Texts, dryRun: boolean): z.output<typeof csvQuery> {
  const given = Object.entries(texts).filter(([, text]) => text.trim() !== "");
  const read = csvQuery.safeParse({ ...Object.fromEntries(given), ...(dryRun && { dryRun: "true" }) });
  if (read.success) return read.data;
  const errors = inputFaults(read.error);
  throw new Problem("unprocessable", errors.map(({ path, message }) => `${path}: ${message}`).join("; "), { errors });
}
