import avsc from "avsc";
import type { Column, Table } from "../tables.ts";

const avroTypes = {
  id: "long",
  reference: "long",
  text: "string",
  datetime: { type: "long", logicalType: "timestamp-millis" },
} as const satisfies Record<Column["kind"], unknown>;

/** The Avro schema of a table's rows (Avro 1.11: a record; moments are `timestamp-millis`). */
export function avroSchema(table: Table): object {
  return {
    type: "record",
    name: table.name,
    namespace: "quintet.ingest",
    fields: table.columns.map(({ name, kind }) => ({ name, type: avroTypes[kind] })),
  };
}

/** What encodes and decodes rows of that schema. */
export function avroType(table: Table): avsc.Type {
  return avsc.Type.forSchema(avroSchema(table) as avsc.Schema);
}

/** Whether the schema in a file is the one that a table's backups have, in whatever spelling. */
export function isSchemaOf(table: Table, schema: string): boolean {
  try {
    const found = avsc.Type.forSchema(JSON.parse(schema)).schema({ exportAttrs: true });
    return JSON.stringify(found) === JSON.stringify(avroType(table).schema({ exportAttrs: true }));
  } catch {
    return false;
  }
}
