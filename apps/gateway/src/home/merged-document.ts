import { isDeepStrictEqual } from "node:util";
import { scopes } from "@quintet/auth";
import { deadline, type Logger } from "@quintet/http";
import type { Upstream } from "../upstream.ts";

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
  /** The document of the gateway's own routes. */
  own: () => object;
  log: Logger;
  /** How long a merged document is given out before the apps are asked again: 5 s unless told. */
  freshMs?: number;
  /** How long an app may take: 2 s unless told. */
  answerMs?: number;
}

/**
 * One OpenAPI 3.1 document of all apps. An app that is away keeps the part that it had; one that has not been reached since the
 * start is named as missing. However many ask, the apps are asked once; what has not changed is given out as the same object.
 */
export function mergedDocument(options: MergedDocumentOptions): () => Promise<object> {
  const { upstreams, own, log, freshMs = 5000, answerMs = 2000 } = options;
  const known = new Map<string, string>();
  let merged: { document: object; parts: string[] } | undefined;
  let freshUntil = 0;
  let underWay: Promise<object> | undefined;

  const late = () => {
    throw new Error(`no answer within ${answerMs} ms`);
  };
  const ask = async ({ name, prefix, get }: Upstream): Promise<void> => {
    try {
      const answer = await deadline(get(`${prefix}/openapi.json`), answerMs, late);
      const text = await deadline(answer.text(), answerMs, late);
      if (!answer.ok) throw new Error(`${prefix}/openapi.json answered ${answer.status}`);
      JSON.parse(text);
      known.set(name, text);
    } catch (error) {
      log.warn({ err: error }, `no OpenAPI document from ${name}`);
    }
  };
  const refresh = async (): Promise<object> => {
    await Promise.all(upstreams.map(ask));
    const parts = upstreams.map(({ name }) => known.get(name) ?? "");
    if (!merged || !isDeepStrictEqual(parts, merged.parts)) {
      merged = { document: merge(own(), upstreams, known), parts };
    }
    freshUntil = performance.now() + freshMs;
    return merged.document;
  };
  return async () => {
    if (merged && performance.now() < freshUntil) return merged.document;
    underWay ??= refresh().finally(() => {
      underWay = undefined;
    });
    return underWay;
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

/** The same document with its schemas named `<app>.<Schema>`, so that those of several apps stand side by side. What is the same in `base` is shared. */
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
  const told = Object.fromEntries(Object.entries(scopes).filter(([scope]) => named.has(scope)));
  const flows = Object.entries(oauth?.flows ?? {}).map(([name, flow]) => [name, { ...flow, scopes: told }]);
  return { oauth: { ...oauth, flows: Object.fromEntries(flows) }, ...others };
}
