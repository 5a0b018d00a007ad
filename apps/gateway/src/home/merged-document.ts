import { isDeepStrictEqual } from "node:util";
import { scopes } from "@quintet/auth";
import { deadline, type Logger } from "@quintet/http";
import type { Upstream } from "../routing/upstream.ts";

interface OpenApiDocument {
  info?: { description?: string };
  paths?: Record<string, unknown>;
  tags?: { name: string }[];
  components?: {
    schemas?: Record<string, unknown>;
    responses?: Record<string, unknown>;
    parameters?: Record<string, unknown>;
    securitySchemes?: Record<string, { flows?: Record<string, { scopes: Record<string, string> }> }>;
  };
}

export interface MergedDocumentOptions {
  upstreams: Upstream[];
  /** Creates the document of the gateway's own routes. */
  own: () => object;
  log: Logger;
  /** How long a merged document is cached, in ms; default: 5 s. */
  freshMs?: number;
  /** Max time for an app's response, in ms; default: 2 s. */
  timeoutMs?: number;
}

/**
 * One OpenAPI 3.1 document of all apps. The part of an unavailable app stays as it was; an app that has not been reachable since the start
 * is listed as missing in the description. Concurrent callers share one refresh; an unchanged document stays the same object.
 */
export function mergedDocument(options: MergedDocumentOptions): () => Promise<object> {
  const { upstreams, own, log, freshMs = 5000, timeoutMs = 2000 } = options;
  const known = new Map<string, string>();
  let merged: { document: object; parts: string[] } | undefined;
  let freshUntil = 0;
  let inFlight: Promise<object> | undefined;

  const late = () => {
    throw new Error(`no response within ${timeoutMs} ms`);
  };
  const fetchPart = async ({ name, prefix, get }: Upstream): Promise<void> => {
    try {
      const response = await deadline(get(`${prefix}/openapi.json`), timeoutMs, late);
      const text = await deadline(response.text(), timeoutMs, late);
      if (!response.ok) throw new Error(`${prefix}/openapi.json returned ${response.status}`);
      JSON.parse(text);
      known.set(name, text);
    } catch (error) {
      log.warn({ err: error }, `Could not fetch the OpenAPI document of ${name}`);
    }
  };
  const refresh = async (): Promise<object> => {
    await Promise.all(upstreams.map(fetchPart));
    const parts = upstreams.map(({ name }) => known.get(name) ?? "");
    if (!merged || !isDeepStrictEqual(parts, merged.parts)) {
      merged = { document: merge(own(), upstreams, known), parts };
    }
    freshUntil = performance.now() + freshMs;
    return merged.document;
  };
  return async () => {
    if (merged && performance.now() < freshUntil) return merged.document;
    inFlight ??= refresh().finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  };
}

function merge(base: OpenApiDocument, upstreams: Upstream[], known: Map<string, string>): object {
  const documents = upstreams.flatMap(({ name }): OpenApiDocument[] => {
    const text = known.get(name);
    return text === undefined ? [] : [withOwnNames(name, JSON.parse(text), base)];
  });
  const parts = [base, ...documents];
  const all = (pick: (part: OpenApiDocument) => object | undefined) => Object.assign({}, ...parts.map(pick));
  const tags = [...new Map(parts.flatMap((part) => part.tags ?? []).map((tag) => [tag.name, tag])).values()];
  const missing = upstreams.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  const gap = `The operations of ${missing.join(", ")} are missing: not reached since the gateway started.`;
  return {
    ...base,
    info:
      missing.length > 0 ? { ...base.info, description: `**${gap}**\n\n${base.info?.description ?? ""}` } : base.info,
    // Health, which every part has, comes last.
    tags: [...tags.filter(({ name }) => name !== "health"), ...tags.filter(({ name }) => name === "health")],
    paths: all((part) => part.paths),
    components: {
      schemas: all((part) => part.components?.schemas),
      responses: all((part) => part.components?.responses),
      parameters: all((part) => part.components?.parameters),
      securitySchemes: withScopes(base, parts),
    },
  };
}

/** The document with its schemas renamed to `<app>.<Schema>`, so that several apps can use the same names. Schemas equal to those of `base` are shared. */
function withOwnNames(name: string, document: OpenApiDocument, base: OpenApiDocument): OpenApiDocument {
  const common = base.components?.schemas ?? {};
  const isShared = (schema: string) => isDeepStrictEqual(common[schema], document.components?.schemas?.[schema]);
  const rename = (schema: string) => (isShared(schema) ? schema : `${name}.${schema}`);
  const text = JSON.stringify(document).replaceAll(
    /"\$ref":"#\/components\/schemas\/([^"]+)"/g,
    (_, schema: string) => `"$ref":"#/components/schemas/${rename(schema)}"`,
  );
  const renamed = JSON.parse(text) as OpenApiDocument;
  const schemas = Object.entries(renamed.components?.schemas ?? {}).map(([key, value]) => [rename(key), value]);
  return { ...renamed, components: { ...renamed.components, schemas: Object.fromEntries(schemas) } };
}

/** The ways to authenticate, in the order of `base`, with every scope that some app names, and what it is for. */
function withScopes(base: OpenApiDocument, parts: OpenApiDocument[]): object {
  const { oauth, ...others } = base.components?.securitySchemes ?? {};
  const flowsOf = (part: OpenApiDocument) => Object.values(part.components?.securitySchemes?.oauth?.flows ?? {});
  const named = new Set(parts.flatMap(flowsOf).flatMap((flow) => Object.keys(flow.scopes)));
  const described = Object.fromEntries(Object.entries(scopes).filter(([scope]) => named.has(scope)));
  const flows = Object.entries(oauth?.flows ?? {}).map(([name, flow]) => [name, { ...flow, scopes: described }]);
  return { oauth: { ...oauth, flows: Object.fromEntries(flows) }, ...others };
}
