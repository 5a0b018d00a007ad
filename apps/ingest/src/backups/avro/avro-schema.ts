import avsc from "avsc";
import { type ColumnKind, kindOf } from "../../tables/kind.ts";
import type { Table } from "../../tables/table.ts";

const avroTypes = {
  id: "long",
  reference: "long",
  text: "string",
  datetime: { type: "long", logicalType: "timestamp-millis" },
} as const satisfies Record<ColumnKind, unknown>;

/** The Avro schema of a table's rows (Avro 1.11): a record, with dates and times as `timestamp-millis`. */
export function avroSchema(table: Table): object {
  return {
    type: "record",
    name: table.name,
    namespace: "quintet.ingest",
    fields: table.columns.map((column) => ({ name: column.name, type: avroTypes[kindOf(table, column)] })),
  };
}

/** The encoder and decoder of that schema. */
export function avroType(table: Table): avsc.Type {
  return avsc.Type.forSchema(avroSchema(table) as avsc.Schema);
}

/** A type of a schema as text, with its logical type. */
function typeName(type: unknown): string {
  if (typeof type !== "object" || type === null || !("type" in type)) return JSON.stringify(type) ?? "nothing";
  const meaning = "logicalType" in type ? ` (${String(type.logicalType)})` : "";
  return `${typeName(type.type)}${meaning}`;
}

/**
 * Why rows of the schema in a file cannot be read as rows of a table; `undefined` when they can. The name, documentation and defaults
 * of the schema do not matter.
 */
export function schemaFault(table: Table, schema: string): string | undefined {
  let found: unknown;
  try {
    found = JSON.parse(schema);
    avsc.Type.forSchema(found as avsc.Schema);
  } catch {
    return "its schema cannot be read";
  }
  const { type, fields } = found as { type?: unknown; fields?: { name: string; type: unknown }[] };
  if (type !== "record" || !Array.isArray(fields)) return "its schema is not a record";
  for (const [at, column] of table.columns.entries()) {
    const { name } = column;
    const field = fields[at];
    if (field?.name !== name) {
      const others = fields.some((other) => other.name === name) ? "at a different position" : "missing";
      return `the field ${name} is ${others}`;
    }
    const [is, must] = [typeName(field.type), typeName(avroTypes[kindOf(table, column)])];
    if (is !== must) return `the field ${name} is ${is}, not ${must}`;
  }
  const more = fields[table.columns.length];
  return more && `the field ${more.name} is not a column of ${table.name}`;
}
