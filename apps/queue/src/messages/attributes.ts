import { z } from "zod";
import type { Attribute, Attributes } from "./packed.ts";

const maxAttributes = 10;
const maxNameLength = 256;
const maxDigits = 38;
const typePattern = /^(?:String|Number|Binary)(?:\.[\w.-]+)?$/;
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** Why a name is none that Amazon SQS accepts for an attribute; undefined when it is one. */
export function attributeNameFault(name: string): string | undefined {
  if (!/^[\w.-]+$/.test(name) || name.length > maxNameLength) {
    return "must have a name of 1 to 256 letters, digits, underscores, hyphens or periods";
  }
  if (/^\.|\.$|\.\./.test(name)) return "must have a name without a period at its start or end, or two in a row";
  if (/^(?:aws|amazon)\./i.test(name)) return "must have a name that does not begin with AWS. or Amazon.";
  return undefined;
}

/** Why an attribute is none that Amazon SQS accepts; undefined when it is one. */
export function attributeFault({ type, value }: Attribute): string | undefined {
  if (!typePattern.test(type) || type.length > maxNameLength) {
    return "must have the type String, Number or Binary, maybe with a suffix such as Number.int";
  }
  if (value === "") return "must not be empty";
  if (type.startsWith("Number")) {
    const digits = (value.split(/[eE]/)[0] ?? "").replace(/\D/g, "").replace(/^0+/, "");
    if (!numberPattern.test(value) || digits.length > maxDigits || !Number.isFinite(Number(value))) {
      return `must be a number of at most ${maxDigits} digits`;
    }
  }
  if (type.startsWith("Binary") && Buffer.from(value, "base64").toString("base64") !== value) return "must be base64";
  return undefined;
}

const form = "must be a text, a number, or an object of type and value";
const valueSchema = z.union(
  [
    z.string(),
    z.number(),
    z.strictObject({
      type: z.string().describe("`String`, `Number` or `Binary`, maybe with a suffix such as `Number.int`"),
      value: z.union([z.string(), z.number()]).describe("The value; base64 for a binary one"),
    }),
  ],
  { error: form },
);

function attributeOf(value: z.infer<typeof valueSchema>): Attribute {
  if (typeof value === "string") return { type: "String", value };
  if (typeof value === "number") return { type: "Number", value: String(value) };
  return { type: value.type, value: String(value.value) };
}

const recordSchema = z.record(z.string(), valueSchema).transform((input, context): Attributes => {
  const entries = Object.entries(input).map(([name, value]): [string, Attribute] => [name, attributeOf(value)]);
  if (entries.length > maxAttributes) {
    context.addIssue({ code: "custom", message: `must have at most ${maxAttributes} attributes` });
  }
  for (const [name, attribute] of entries) {
    const message = attributeNameFault(name) ?? attributeFault(attribute);
    if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
  }
  return Object.fromEntries(entries);
});

/** The attributes of a message to send, each a text, a number, or a type and a value. */
export const attributesSchema = z.preprocess((input, context) => {
  // Zod would drop it silently.
  if (typeof input === "object" && input !== null && Object.hasOwn(input, "__proto__")) {
    context.addIssue({ code: "custom", path: ["__proto__"], message: "must have another name" });
  }
  return input;
}, recordSchema);
