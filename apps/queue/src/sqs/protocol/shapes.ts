import { SqsError } from "../sqs-error.ts";

// The inputs and outputs of the actions, described once for both protocols. The names of lists and maps are those of their elements in the
// Query protocol, where both are flattened: `AttributeName.1=All`, `Attribute.1.Name=…&Attribute.1.Value=…`.

export type Node =
  | { kind: "text" | "integer" | "flag" }
  | { kind: "list"; name: string; of: Node }
  | { kind: "map"; name: string; key: string; value: string; of: Node }
  | { kind: "structure"; fields: Record<string, Node> };

/** A shape of values of the type `T`. */
export type Shape<T> = Node & { readonly example?: T };

/** The type of the values of a shape. */
export type ValueOf<S extends Shape<unknown>> = NonNullable<S["example"]>;

export type Fields = Record<string, Shape<unknown>>;
/** The values of the fields of a structure. Whatever a client may leave out is optional. */
export type ValuesOf<F extends Fields> = { [K in keyof F]?: ValueOf<F[K]> | undefined };

export const text: Shape<string> = { kind: "text" };
export const integer: Shape<number> = { kind: "integer" };
export const flag: Shape<boolean> = { kind: "flag" };

export function list<S extends Shape<unknown>>(name: string, of: S): Shape<ValueOf<S>[]> {
  return { kind: "list", name, of };
}

export function map<S extends Shape<unknown>>(
  [name, key, value]: [name: string, key: string, value: string],
  of: S,
): Shape<Record<string, ValueOf<S>>> {
  return { kind: "map", name, key, value, of };
}

export function structure<F extends Fields>(fields: F): Shape<ValuesOf<F>> {
  return { kind: "structure", fields };
}

const kindNames = {
  text: "a string",
  integer: "a whole number",
  flag: "a boolean",
  list: "a list",
  map: "an object",
  structure: "an object",
};

/** Reads a value of the JSON protocol. Unknown fields are ignored, as AWS does; one of another type is a `SerializationException`. */
export function readJson<T>(shape: Shape<T>, value: unknown): T {
  return read(shape, value, "") as T;
}

function read(shape: Node, value: unknown, path: string): unknown {
  const inner = (name: string | number) => (path === "" ? String(name) : `${path}.${name}`);
  if (shape.kind === "text" && typeof value === "string") return value;
  if (shape.kind === "integer" && Number.isSafeInteger(value)) return value;
  if (shape.kind === "flag" && typeof value === "boolean") return value;
  if (shape.kind === "list" && Array.isArray(value)) return value.map((one, i) => read(shape.of, one, inner(i)));
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const given = value as Record<string, unknown>;
    if (shape.kind === "map") {
      const entries = Object.entries(given).filter(([, one]) => one !== null);
      return Object.fromEntries(entries.map(([name, one]) => [name, read(shape.of, one, inner(name))]));
    }
    if (shape.kind === "structure") {
      const found: Record<string, unknown> = {};
      for (const [name, field] of Object.entries(shape.fields)) {
        const one = Object.hasOwn(given, name) ? (given[name] ?? undefined) : undefined;
        if (one !== undefined) found[name] = read(field, one, inner(name));
      }
      return found;
    }
  }
  throw new SqsError("MalformedInput", `${path || "The input"} must be ${kindNames[shape.kind]}.`);
}
