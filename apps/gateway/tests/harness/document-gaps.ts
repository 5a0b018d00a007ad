interface Schema {
  $ref?: string;
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

type Content = Record<string, { schema?: Schema }>;

interface Operation {
  operationId?: string;
  summary?: string;
  parameters?: { $ref?: string; name?: string; in?: string; description?: string }[];
  requestBody?: { content?: Content };
  responses?: Record<string, { $ref?: string; description?: string; content?: Content }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

/** What an OpenAPI document lacks: summaries, unique operation ids, descriptions of parameters and fields, names of JSON bodies. */
export function documentGaps(document: Document): string[] {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
  const ids = operations.map(({ operation }) => operation.operationId);
  return [
    ...ids.filter((id, at) => id && ids.indexOf(id) !== at).map((id) => `two operations are ${id}`),
    ...operations.flatMap(({ name, operation }) => operationGaps(operation).map((gap) => `${name}: ${gap}`)),
    ...Object.entries(document.components?.schemas ?? {}).flatMap(([name, schema]) =>
      undescribedFields(schema).map((field) => `schema ${name}: no description of ${field}`),
    ),
  ];
}

function operationGaps({ operationId, summary, parameters = [], requestBody, responses = {} }: Operation): string[] {
  const undescribed = parameters.filter((one) => !one.$ref && !one.description);
  const json = (content: Content | undefined) => content?.["application/json"]?.schema;
  const bodies = [
    { what: "request body", schema: json(requestBody?.content) },
    ...Object.entries(responses).map(([status, { content }]) => ({
      what: `response ${status}`,
      schema: json(content),
    })),
  ];
  return [
    ...(operationId ? [] : ["no operationId"]),
    ...(summary ? [] : ["no summary"]),
    ...undescribed.map((one) => `no description of the ${one.in} parameter ${one.name}`),
    ...bodies.flatMap(({ what, schema }) =>
      schema && !hasNames(schema) ? [`the schema of the ${what} has no name`] : [],
    ),
  ];
}

/** Whether every object of a body has a name in `components`: it is a reference, a list or choice of references, or no object. */
function hasNames(schema: Schema): boolean {
  if (schema.$ref) return true;
  if (schema.properties) return false;
  const parts = [schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return parts.every((part) => !part || hasNames(part));
}

/** The fields of a schema, `outer.inner`, that have no description. */
function undescribedFields(schema: Schema, prefix = ""): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    ...(isDescribed(field) ? [] : [prefix + name]),
    ...undescribedFields(field, `${prefix}${name}.`),
  ]);
  const rest = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  const parts = [schema.items, rest, ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [...own, ...parts.flatMap((part) => (part ? undescribedFields(part, prefix) : []))];
}

function isDescribed(field: Schema): boolean {
  // A reference with a text of its own is `allOf` of both.
  return Boolean(field.description || field.$ref || field.allOf?.some(isDescribed));
}
