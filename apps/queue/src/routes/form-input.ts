import { Problem } from "@quintet/http";
import type { FormField, Texts } from "@quintet/pages";
import type { z } from "zod";
import { validate } from "./messages.ts";

/** The fields of a message, as a form has them. */
export const messageFields: readonly FormField[] = [
  { name: "body", label: "Body", type: "textarea", hint: 'JSON, such as {"order": 17}. A text stands in quotes.' },
  { name: "delaySeconds", label: "Delay", hint: "In seconds; the setting of the queue by default.", optional: true },
  { name: "groupId", label: "Group", hint: "Messages of a group are delivered in order.", optional: true },
  { name: "priority", label: "Priority", hint: "0 to 9, the highest first; 0 by default.", optional: true },
  {
    name: "attributes",
    label: "Attributes",
    type: "textarea",
    hint: 'JSON, such as {"customer": "7"}.',
    optional: true,
  },
];

/** Fields that are numbers, and those that are JSON. */
const numbers = new Set(["delaySeconds", "priority", "concurrency", "timeoutSeconds", "max", "perSecond"]);
const json = new Set(["body", "attributes"]);

/** A 422 that names the field. */
export function invalid(path: string, message: string): Problem {
  return new Problem("unprocessable", `${path}: ${message}`, { errors: [{ path, message }] });
}

/** The input of a form, as the body of the API's request would have it. Empty fields are absent. Throws a 422 that names each wrong field. */
export function inputFrom<S extends z.ZodType>(schema: S, texts: Texts): z.output<S> {
  const given = Object.entries(texts).filter(([, text]) => text.trim() !== "");
  return validate(schema, Object.fromEntries(given.map(([name, text]) => [name, inputValue(name, text.trim())])));
}

function inputValue(name: string, text: string): unknown {
  if (numbers.has(name)) return /^-?\d+$/.test(text) ? Number(text) : text;
  if (!json.has(name)) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(name, 'must be JSON; a text stands in quotes, such as "hello"');
  }
}
