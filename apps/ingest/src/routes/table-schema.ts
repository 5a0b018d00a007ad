import { z } from "@hono/zod-openapi";
import { Problem } from "@quintet/http";
import type { Dialect } from "../csv/dialect.ts";
import { ruleFault } from "../fields/codec.ts";
import { isTableName } from "../tables/definitions.ts";
import { type Column, type ColumnType, columnTypes, type ForeignKey, type Table } from "../tables/table.ts";
import { dialectSchema } from "./dialect-schema.ts";

/** Names below `/ingest` that are no tables. */
const routes = new Set(
  "tables loads load new-load new-table backups backup restore reports uploads infer docs openapi health metrics pages assets".split(
    " ",
  ),
);
const ownPrefix = /^(?:ingest|staged|before|scratch|quintet|auth|django)_/;

const isColumnName = (name: string) =>
  /^[^\p{C}\p{Z}_](?:[^\p{C}]{0,62}[^\p{C}\p{Z}])?$/u.test(name) && !/[\u{10000}-\u{10ffff}]/u.test(name);

const columnName = z
  .string()
  .refine(isColumnName, "must be 1 to 64 printable characters up to U+FFFF, and not begin with _");

/** The types of Table Schema that stand for one of ours. */
const otherNames = { decimal: "number", object: "json", array: "json" } as const;
const typeNames = [...columnTypes, "decimal", "object", "array"] as const;

const limit = (description: string) =>
  z
    .union([z.number(), z.string().max(80)])
    .optional()
    .describe(description);
const textLength = z.number().int().min(0).max(4_000_000).optional();

const constraints = z
  .strictObject({
    required: z.boolean().optional().describe("Whether every row must have a value; always so in the key"),
    unique: z.boolean().optional().describe("Whether no two rows may have the same value"),
    minimum: limit("The least value of a number, date or time; as a string where it must be exact"),
    maximum: limit("The greatest value of a number, date or time"),
    minLength: textLength.describe("The least number of code points of a string"),
    maxLength: textLength.describe("The max number of code points of a string; up to 255 in keys"),
    pattern: z.string().min(1).max(1000).optional().describe("What the whole string must match, as RE2 reads it"),
    enum: z
      .array(z.union([z.string().max(1000), z.number(), z.boolean()]))
      .min(1)
      .max(1000)
      .optional()
      .describe("The values that are allowed"),
  })
  .openapi("TableConstraints", { description: "The rules of a column's values" });

const field = z
  .strictObject({
    name: columnName.describe("Name of the column, as in the headers of files"),
    title: z.string().max(200).optional().describe("A title for people"),
    description: z.string().max(2000).optional().describe("What the values are"),
    type: z
      .enum(typeNames)
      .default("string")
      .describe(
        "The type of its values; `integer`: 64 bits; `number` and `decimal`: exact; `json`, `object`, `array`: JSON",
      ),
    format: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe("Of dates and times, how files write them, in strptime's codes: `%d/%m/%Y`; of a string: `uuid`"),
    zoned: z
      .boolean()
      .optional()
      .describe(
        "Of a datetime: whether it is a moment, returned in UTC, or a local date and time; a moment by default, unless `format` has no `%z`",
      ),
    precision: z
      .number()
      .int()
      .min(0)
      .max(65)
      .optional()
      .describe("Of a number: the max number of digits, 38 by default; of times: the digits after the second, 6"),
    scale: z
      .number()
      .int()
      .min(0)
      .max(30)
      .optional()
      .describe("Of a number: the max number of digits after the point, 12 by default"),
    default: z
      .union([z.string().max(2000), z.number(), z.boolean()])
      .optional()
      .describe("The value where a file lacks the column"),
    constraints: constraints.optional(),
  })
  .openapi("TableField", { description: "A column" });

const names = (description: string) =>
  z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(16)]).describe(description);

const foreignKeys = z
  .array(
    z.strictObject({
      fields: names("The columns that refer"),
      reference: z
        .strictObject({
          resource: z.string().max(64).describe("The other table; empty: the table itself"),
          fields: names("Its primary key, or a column of unique values"),
        })
        .describe("What they refer to"),
    }),
  )
  .max(32);
const missingValues = z.array(z.string().max(100)).max(50);

/** A definition as Frictionless Table Schema (datapackage.org/standard/table-schema); anything else is refused by its path. */
export const tableSchema = z
  .strictObject({
    $schema: z.string().max(200).optional().describe("The profile of the document; ignored"),
    title: z.string().max(200).optional().describe("A title for people"),
    description: z.string().max(2000).optional().describe("What the rows are"),
    fields: z.array(field).min(1).max(500).describe("The columns, in their order"),
    primaryKey: names("The column, or the columns in their order, by which a row is known"),
    foreignKeys: foreignKeys.optional().describe("References to other tables"),
    missingValues: missingValues.optional().describe('Texts in files that are no value; `[""]` by default'),
    dialect: dialectSchema
      .optional()
      .describe("How its files are written, as far as it is always the same; parameters of a load override it"),
  })
  .openapi("TableSchema", { description: "The definition of a table, as Frictionless Table Schema" });

/** A rule that null takes away. */
const orNone = <T extends z.ZodType>(rule: T) => rule.nullable().optional().describe(`${rule.description}; null: none`);

const rules = constraints.shape;
const fieldPatch = z
  .strictObject({
    name: columnName.describe("The column that is changed, or the name of a new one"),
    type: z.enum(typeNames).optional().describe("Its type; `string` for a new column by default"),
    title: orNone(field.shape.title),
    description: orNone(field.shape.description),
    format: orNone(field.shape.format),
    zoned: orNone(field.shape.zoned),
    precision: orNone(field.shape.precision),
    scale: orNone(field.shape.scale),
    default: orNone(field.shape.default),
    constraints: z
      .strictObject({
        required: orNone(rules.required),
        unique: orNone(rules.unique),
        minimum: orNone(rules.minimum),
        maximum: orNone(rules.maximum),
        minLength: orNone(rules.minLength),
        maxLength: orNone(rules.maxLength),
        pattern: orNone(rules.pattern),
        enum: orNone(rules.enum),
      })
      .optional()
      .describe("The rules that are changed; the others stay"),
  })
  .openapi("TableFieldPatch", { description: "A new column, or what is changed of one" });

/** What is changed of a definition. */
export const tablePatch = z
  .strictObject({
    title: orNone(tableSchema.shape.title),
    description: orNone(tableSchema.shape.description),
    fields: z.array(fieldPatch).max(500).optional().describe("Columns that are changed or new; the others stay"),
    foreignKeys: foreignKeys.optional().describe("All references to other tables"),
    missingValues: missingValues.optional().describe("All texts in files that are no value"),
    dialect: orNone(tableSchema.shape.dialect),
  })
  .openapi("TablePatch", { description: "What is changed of a definition; what is left out stays" });

/** A definition with what is changed of it. */
export function patchedSchema(table: Table, { fields = [], ...patch }: z.infer<typeof tablePatch>): TableSchema {
  const schema = schemaOf(table);
  const change = (before: Partial<Field>, { constraints: given, ...change }: (typeof fields)[number]) => {
    const merged = withoutNulls({
      ...before,
      ...change,
      constraints: withoutNulls({ ...before.constraints, ...given }),
    });
    return { type: "string", ...merged } as Field;
  };
  const kept = schema.fields.map((before) => {
    const given = fields.find(({ name }) => name === before.name);
    return given ? change(before, given) : before;
  });
  const added = fields.filter(({ name }) => !schema.fields.some((before) => before.name === name));
  return withoutNulls({
    ...schema,
    ...patch,
    fields: [...kept, ...added.map((each) => change({}, each))],
  }) as TableSchema;
}

const withoutNulls = (given: object) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));

type TableSchema = z.infer<typeof tableSchema>;
type Field = z.infer<typeof field>;

/** The table of a name and a definition from a request. Throws a 422 that names what does not fit. */
export function tableFrom(name: string, schema: TableSchema): Omit<Table, "version"> {
  if (!isTableName(name)) refuse("name", "must match [a-z][a-z0-9_]{0,47}");
  if (routes.has(name) || ownPrefix.test(name)) refuse("name", "is reserved");
  const primaryKey = listOf(schema.primaryKey);
  const columns = schema.fields.map((each, at) => columnFrom(each, `fields.${at}`, primaryKey));
  refuseRepeated(columns);
  for (const key of primaryKey) refuseUnfitKey(columns, key, "primaryKey");
  if (new Set(primaryKey).size < primaryKey.length) refuse("primaryKey", "has a column twice");
  const { title, description, missingValues = [""] } = schema;
  return {
    name,
    columns,
    primaryKey,
    foreignKeys: foreignKeysFrom(name, schema, columns),
    missingValues: [...new Set(missingValues)],
    dialect: (schema.dialect ?? {}) as Partial<Dialect>,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
  };
}

const listOf = (names: string | string[]) => (typeof names === "string" ? [names] : names);

function foreignKeysFrom(name: string, schema: TableSchema, columns: readonly Column[]): ForeignKey[] {
  return (schema.foreignKeys ?? []).map(({ fields, reference }, at) => {
    const path = `foreignKeys.${at}`;
    const [from, to] = [listOf(fields), listOf(reference.fields)];
    for (const column of from) refuseUnfitKey(columns, column, `${path}.fields`);
    if (from.length !== to.length) refuse(`${path}.reference.fields`, `must be ${from.length}, as many as fields`);
    if (new Set(from).size < from.length) refuse(`${path}.fields`, "has a column twice");
    return { columns: from, table: reference.resource === "" ? name : reference.resource, references: to };
  });
}

function refuseRepeated(columns: readonly Column[]): void {
  const seen = new Set<string>();
  for (const [at, { name }] of columns.entries()) {
    const plain = plainName(name);
    if (seen.has(plain)) refuse(`fields.${at}.name`, "is there twice; names are compared without case and accents");
    seen.add(plain);
  }
}

/** The server compares names of columns without case, and some of them without accents. */
const plainName = (name: string) => name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Throws a 422 unless the column is there and of a type by which rows can be found. */
function refuseUnfitKey(columns: readonly Column[], name: string, path: string): void {
  const at = columns.findIndex((each) => each.name === name);
  const column = columns[at];
  if (!column) refuse(path, `there is no field ${name}`);
  if (column.type === "json") refuse(`fields.${at}.type`, "json cannot be in a key");
  if (column.type === "string" && (column.maxLength ?? 256) > 255) {
    refuse(`fields.${at}.constraints.maxLength`, "must be up to 255 in a key, a reference or a unique column");
  }
}

const hasLimits = new Set<ColumnType>(["integer", "number", "date", "time", "datetime"]);
const isTime = new Set<ColumnType>(["date", "time", "datetime"]);

function columnFrom(given: Field, path: string, primaryKey: readonly string[]): Column {
  const { name, format, constraints: rules = {} } = given;
  const type = typeOf(given, path);
  const only = (is: boolean, value: unknown, at: string, of: string) => {
    if (!is && value !== undefined) refuse(`${path}.${at}`, `is a rule of ${of}, not of ${type}`);
  };
  only(hasLimits.has(type), rules.minimum, "constraints.minimum", "numbers, dates and times");
  only(hasLimits.has(type), rules.maximum, "constraints.maximum", "numbers, dates and times");
  only(type === "string", rules.minLength, "constraints.minLength", "strings");
  only(type === "string", rules.maxLength, "constraints.maxLength", "strings");
  only(type === "string", rules.pattern, "constraints.pattern", "strings");
  only(type !== "json", rules.enum, "constraints.enum", "single values");
  only(type === "datetime", given.zoned, "zoned", "datetimes");
  only(type === "number", given.scale, "scale", "numbers");
  only(type === "number" || type === "time" || type === "datetime", given.precision, "precision", "numbers and times");
  const isFormatted = format !== undefined && format !== "default" && isTime.has(type);
  if (isFormatted && format === "any")
    refuse(`${path}.format`, "any would have to guess: give the format of the files");
  const column: Column = {
    name,
    ...texts({ title: given.title, description: given.description }),
    type,
    required: rules.required ?? primaryKey.includes(name),
    unique: rules.unique ?? false,
    zoned: type === "datetime" && (given.zoned ?? (!isFormatted || format.includes("%z"))),
    ...numbers({ minLength: rules.minLength, maxLength: rules.maxLength }),
    ...numbers({ precision: given.precision, scale: given.scale }),
    ...texts({
      minimum: exactText(rules.minimum, `${path}.constraints.minimum`),
      maximum: exactText(rules.maximum, `${path}.constraints.maximum`),
      pattern: rules.pattern,
      format: isFormatted ? format : undefined,
      default: exactText(given.default, `${path}.default`),
    }),
    ...(rules.enum && {
      enum: rules.enum.map((value, at) => exactText(value, `${path}.constraints.enum.${at}`) as string),
    }),
  };
  refuseUnfitRules(column, path, primaryKey);
  return column;
}

function typeOf({ type, format }: Field, path: string): ColumnType {
  if (type === "string" && format === "uuid") return "uuid";
  const is = otherNames[type as keyof typeof otherNames] ?? (type as ColumnType);
  if (format !== undefined && format !== "default" && !isTime.has(is)) {
    refuse(`${path}.format`, `${format} is not supported; use a pattern`);
  }
  return is;
}

function refuseUnfitRules(column: Column, path: string, primaryKey: readonly string[]): void {
  const { name, type, precision, scale } = column;
  if (primaryKey.includes(name) && !column.required) refuse(`${path}.constraints.required`, "must be true in the key");
  if (type === "number" && (precision ?? 38) < 1) refuse(`${path}.precision`, "must be 1 to 65");
  if (type === "number" && (scale ?? Math.min(12, precision ?? 12)) > (precision ?? 38)) {
    refuse(`${path}.scale`, "must be up to precision");
  }
  if ((type === "time" || type === "datetime") && (precision ?? 6) > 6) refuse(`${path}.precision`, "must be 0 to 6");
  if ((column.minLength ?? 0) > (column.maxLength ?? Number.POSITIVE_INFINITY)) {
    refuse(`${path}.constraints.minLength`, "is greater than maxLength");
  }
  if (column.unique) {
    refuseUnfitKey([column], name, path);
    if (name.toLowerCase() === "primary") refuse(`${path}.constraints.unique`, "is not possible for that name");
  }
  const fault = ruleFault(column);
  if (fault !== undefined) refuse(`${path}.${fault.startsWith("default:") ? "default" : "constraints"}`, fault);
}

const texts = <K extends string>(given: Record<K, string | undefined>) =>
  Object.fromEntries(Object.entries(given).filter(([, text]) => text !== undefined)) as Partial<Record<K, string>>;
const numbers = <K extends string>(given: Record<K, number | undefined>) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<Record<K, number>>;

/** A value as a file has it. JSON numbers that JavaScript does not keep exactly must be strings. */
function exactText(value: string | number | boolean | undefined, path: string): string | undefined {
  if (typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    refuse(path, "must be a string, to be exact");
  }
  return value === undefined ? undefined : String(value);
}

function refuse(path: string, message: string): never {
  throw new Problem("unprocessable", `${path}: ${message}.`, { errors: [{ path, message }] });
}

/** The definition of a table as Frictionless Table Schema, which makes the same table again. */
export function schemaOf(table: Table): TableSchema {
  const { title, description } = table;
  return {
    ...texts({ title, description }),
    fields: table.columns.map((column) => ({
      name: column.name,
      ...texts({ title: column.title, description: column.description }),
      type: column.type,
      ...texts({ format: column.format, default: column.default }),
      ...(column.type === "datetime" ? { zoned: column.zoned } : {}),
      ...numbers({ precision: column.precision, scale: column.scale }),
      constraints: {
        required: column.required,
        ...(column.unique ? { unique: true } : {}),
        ...texts({ minimum: column.minimum, maximum: column.maximum, pattern: column.pattern }),
        ...numbers({ minLength: column.minLength, maxLength: column.maxLength }),
        ...(column.enum ? { enum: [...column.enum] } : {}),
      },
    })),
    primaryKey: [...table.primaryKey],
    foreignKeys: table.foreignKeys.map(({ columns, table: other, references }) => ({
      fields: [...columns],
      reference: { resource: other === table.name ? "" : other, fields: [...references] },
    })),
    missingValues: [...table.missingValues],
    ...(Object.keys(table.dialect).length > 0 ? { dialect: table.dialect as TableSchema["dialect"] } : {}),
  };
}
