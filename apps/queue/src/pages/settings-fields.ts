import type { FormField, Texts } from "@quintet/pages";
import { z } from "zod";
import { settingsInputSchema } from "../queues/settings.ts";
import { settingLabel } from "./queue-page.ts";

interface Property {
  type?: string;
  description?: string;
  default?: unknown;
  anyOf?: Property[];
}

const { properties } = z.toJSONSchema(settingsInputSchema, { io: "input" }) as { properties: Record<string, Property> };

const kindOf = (property: Property) =>
  property.type ?? property.anyOf?.find(({ type }) => type !== "null")?.type ?? "string";

/** Stands for null where an empty text means the default, which is another. */
const none = "none";

const isNullable = ({ anyOf = [] }: Property) => anyOf.some(({ type }) => type === "null");
const hasOtherDefault = (property: Property) => isNullable(property) && property.default !== null;

/** A field for each setting of a queue, in the order of the API. */
export const settingsFields: FormField[] = Object.entries(properties).map(([name, property]) => ({
  name,
  label: settingLabel(name),
  hint: (property.description ?? "").replace("null for", hasOtherDefault(property) ? `“${none}” for` : "empty for"),
  optional: true,
  ...(kindOf(property) === "boolean" && {
    options: [
      ["false", "No"],
      ["true", "Yes"],
    ] as const,
  }),
}));

/** The settings as texts of the form. */
export function settingTexts(settings: object): Texts {
  const values = new Map<string, unknown>(Object.entries(settings));
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const value = values.has(name) ? values.get(name) : property.default;
      if (value === null) return [name, hasOtherDefault(property) ? none : ""];
      return [name, value === undefined ? "" : String(value)];
    }),
  );
}

/** The body of `PUT /queues/{name}` that the texts mean. What is no number stays as it is, for the schema to name. */
export function settingsFrom(texts: Texts): Record<string, unknown> {
  const value = (property: Property, text: string) => {
    const kind = kindOf(property);
    if (kind === "boolean") return text === "true";
    return kind === "string" || !/^-?\d+(?:\.\d+)?$/.test(text) ? text : Number(text);
  };
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, property]): [string, unknown][] => {
      const text = (texts[name] ?? "").trim();
      if (text === none && isNullable(property)) return [[name, null]];
      if (text === "") return [];
      return [[name, value(property, text)]];
    }),
  );
}
