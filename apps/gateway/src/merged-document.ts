import type { Logger } from "@quintet/http";
import type { Upstream } from "./upstream.ts";

interface OpenApiDocument {
  paths?: Record<string, unknown>;
  tags?: unknown[];
  components?: Record<string, Record<string, unknown>>;
}

const shared = new Set(["Problem", "Health"]);

/** The same document with its schemas named `<app>.<Schema>`, so that those of several apps can stand side by side. */
function withOwnNames(name: string, document: OpenApiDocument): OpenApiDocument {
  const rename = (schema: string) => (shared.has(schema) ? schema : `${name}.${schema}`);
  const text = JSON.stringify(document).replaceAll(
    /"#\/components\/schemas\/([^"]+)"/g,
    (_, schema: string) => `"#/components/schemas/${rename(schema)}"`,
  );
  const renamed = JSON.parse(text) as OpenApiDocument;
  const schemas = Object.entries(renamed.components?.schemas ?? {}).map(([key, value]) => [rename(key), value]);
  return { ...renamed, components: { ...renamed.components, schemas: Object.fromEntries(schemas) } };
}

/**
 * One OpenAPI 3.1 document of all apps. Each app's part is fetched again at every call and remembered, so that an app that is
 * away keeps its last known part.
 */
export function mergedDocument(upstreams: Upstream[], own: () => object, log: Logger): () => Promise<object> {
  const known = new Map<string, OpenApiDocument>();
  return async () => {
    await Promise.all(
      upstreams.map(async ({ name, prefix, get }) => {
        try {
          const answer = await get(`${prefix}/openapi.json`);
          if (answer.ok) known.set(name, withOwnNames(name, (await answer.json()) as OpenApiDocument));
        } catch (error) {
          log.warn({ err: error }, `no OpenAPI document from ${name}`);
        }
      }),
    );
    const base = own() as OpenApiDocument;
    const parts = [base, ...upstreams.flatMap(({ name }) => known.get(name) ?? [])];
    const merge = (pick: (part: OpenApiDocument) => object | undefined) => Object.assign({}, ...parts.map(pick));
    return {
      ...base,
      paths: merge((part) => part.paths),
      components: {
        schemas: merge((part) => part.components?.schemas),
        securitySchemes: merge((part) => part.components?.securitySchemes),
      },
    };
  };
}
