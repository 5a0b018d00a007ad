import { attributeFault, attributeNameFault } from "../messages/attributes.ts";
import type { Attribute, Attributes } from "../messages/packed.ts";
import { list, map, structure, text, type ValueOf } from "./protocol/shapes.ts";
import { SqsError } from "./sqs-error.ts";

const maxAttributes = 10;

const valueShape = structure({
  DataType: text,
  StringValue: text,
  BinaryValue: text,
  StringListValues: list("StringListValue", text),
  BinaryListValues: list("BinaryListValue", text),
});

/** Message attributes as both protocols have them. */
export const attributesShape = map(["MessageAttribute", "Name", "Value"], valueShape);
export const systemAttributesShape = map(["MessageSystemAttribute", "Name", "Value"], valueShape);

type SqsAttributes = ValueOf<typeof attributesShape>;

/**
 * The system attribute that a sender may set. Among the stored attributes it has a name that no user can give, so other clients see it as
 * one of them.
 */
const traceHeader = "AWSTraceHeader";
const storedTraceHeader = "AWS.TraceHeader";

/** What XML 1.0 can have, and so what SQS accepts in bodies and texts. */
const invalidCharacter = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Throws `InvalidMessageContents` for a body with characters that SQS does not accept. */
export function checkContents(body: string): void {
  const found = invalidCharacter.exec(body)?.[0];
  if (found === undefined) return;
  const code = found.codePointAt(0)?.toString(16).toUpperCase();
  throw new SqsError(
    "InvalidMessageContents",
    `Invalid character #x${code} was found in the message body. Valid are #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD and #x10000 to #x10FFFF.`,
  );
}

/** The attributes of a message to send, as they are stored. Throws `InvalidParameterValue` for invalid ones. */
export function readAttributes(given: SqsAttributes | undefined, system: SqsAttributes | undefined): Attributes {
  const entries = Object.entries(given ?? {});
  if (entries.length > maxAttributes) {
    throw invalid(`Number of message attributes [${entries.length}] exceeds the allowed maximum [${maxAttributes}].`);
  }
  const found = entries.map(([name, value]): [string, Attribute] => {
    const label = `Message (user) attribute '${name}'`;
    const fault = attributeNameFault(name);
    if (fault !== undefined) throw invalid(`${label} ${fault}.`);
    return [name, readAttribute(label, value)];
  });
  for (const [name, value] of Object.entries(system ?? {})) {
    const label = `Message system attribute '${name}'`;
    if (name !== traceHeader) throw invalid(`${label} is invalid.`);
    const attribute = readAttribute(label, value);
    if (attribute.type !== "String") throw invalid(`${label} must have the type 'String'.`);
    found.push([storedTraceHeader, attribute]);
  }
  return Object.fromEntries(found);
}

function readAttribute(label: string, given: SqsAttributes[string]): Attribute {
  const { DataType: type = "", StringValue, BinaryValue, StringListValues, BinaryListValues } = given;
  if (StringListValues?.length || BinaryListValues?.length)
    throw new SqsError("UnsupportedOperation", `${label}: lists are not supported.`);
  const kind = /^[^.]*/.exec(type)?.[0] ?? "";
  if (kind !== "String" && kind !== "Number" && kind !== "Binary") {
    throw invalid(
      `The type of ${label.replace(/^M/, "m")} is invalid. You must use only the following supported type prefixes: Binary, Number, String.`,
    );
  }
  const value = kind === "Binary" ? BinaryValue : StringValue;
  if (value === undefined || value === "") throw invalid(`${label} must contain a non-empty value of type '${kind}'.`);
  if (kind !== "Binary" && invalidCharacter.test(value)) throw invalid(`${label} has a character that is not allowed.`);
  // Canonical: what was sent with other padding or line breaks is stored as everybody reads it.
  const attribute = { type, value: kind === "Binary" ? Buffer.from(value, "base64").toString("base64") : value };
  const fault = attributeFault(attribute);
  if (fault !== undefined) throw invalid(`${label} ${fault}.`);
  return attribute;
}

function invalid(message: string): SqsError {
  return new SqsError("InvalidParameterValue", message);
}

/** The attributes of a stored message: those of its user, and its trace header. */
export function storedAttributes(json: string): { user: Attributes; trace: string | undefined } {
  if (json === "") return { user: {}, trace: undefined };
  const { [storedTraceHeader]: trace, ...user } = JSON.parse(json) as Attributes;
  return { user, trace: trace?.value };
}

/** The system attributes of a message to send, for their digest. */
export function systemAttributesOf(attributes: Attributes): Attributes {
  const trace = attributes[storedTraceHeader];
  return trace === undefined ? {} : { [traceHeader]: trace };
}

/** The attributes of its user, without the trace header. */
export function userAttributesOf({ [storedTraceHeader]: _, ...user }: Attributes): Attributes {
  return user;
}

/** The attributes that a receiver asks for: by name, by `prefix.*`, or all of them by `All` or `.*`. */
export function selectAttributes(attributes: Attributes, names: string[]): Attributes {
  if (names.includes("All") || names.includes(".*")) return attributes;
  const prefixes = names.filter((name) => name.endsWith(".*")).map((name) => name.slice(0, -2));
  return Object.fromEntries(
    Object.entries(attributes).filter(
      ([name]) => names.includes(name) || prefixes.some((prefix) => name.startsWith(prefix)),
    ),
  );
}

export function toSqsAttributes(attributes: Attributes): SqsAttributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, value }]) => [
      name,
      type.startsWith("Binary") ? { DataType: type, BinaryValue: value } : { DataType: type, StringValue: value },
    ]),
  );
}

/** The size of a message as SQS counts it: body, and names, types and values of attributes, in bytes. */
export function messageBytes(body: string, attributes: Attributes): number {
  return Object.entries(attributes).reduce((bytes, [name, { type, value }]) => {
    const valueBytes = type.startsWith("Binary") ? Buffer.byteLength(value, "base64") : Buffer.byteLength(value);
    return bytes + Buffer.byteLength(name) + Buffer.byteLength(type) + valueBytes;
  }, Buffer.byteLength(body));
}
