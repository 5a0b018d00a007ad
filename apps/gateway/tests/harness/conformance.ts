import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { OpenApiDocument } from "./operations.ts";

/** As much of an answer as a document says something of. */
export interface Given {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
}

interface Media {
  schema?: object;
}

interface Response {
  content?: Record<string, Media>;
}

interface Route {
  template: string;
  pattern: RegExp;
  methods: Record<string, { responses: Record<string, Response | { $ref: string }> }>;
}

/** What `default` stands for in a document: what may happen to any call. Every other status has to be named. */
const ofAnyCall = new Set([408, 414, 417, 421, 429, 431, 500, 502, 503, 504, 507]);

/** What is served beside the documented calls. */
const undocumented = /\/(openapi\.json|docs(\/.*)?|assets\/.*|metrics)$/;

export interface Conformance {
  /** Where an answer differs from what the document says of it. */
  check(method: string, path: string, answer: Given): string[];
  /** The JSON answers that operations describe by themselves and that have not come so far, as `GET /shop/goods/{id} 200`. */
  unseen(): string[];
}

/**
 * Tells where an answer differs from what the document says: a status or a media type that is not named, a body that its schema does
 * not describe, or that has fields of which the schema says nothing.
 */
export function conformance(document: OpenApiDocument): Conformance {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ ...closed(document), $id: "document" });
  const routes = routesOf(document);
  const validators = new Map<string, ValidateFunction>();
  const validatorOf = (pointer: string) => {
    const known = validators.get(pointer) ?? ajv.compile({ $ref: `document#${pointer}` });
    validators.set(pointer, known);
    return known;
  };
  const seen = new Set<string>();
  const check = (asked: string, path: string, { status, headers, bytes }: Given): string[] => {
    const plain = path.split("?", 1)[0] as string;
    if (undocumented.test(plain)) return [];
    const route = routes.find(({ pattern }) => pattern.test(plain));
    const method = asked === "HEAD" ? "get" : asked.toLowerCase();
    const operation = route?.methods[method];
    if (route === undefined || operation === undefined) {
      const isFine = status >= 300 || asked === "OPTIONS";
      return isFine ? [] : ["it is answered, and not documented"];
    }
    const keys = [String(status), `${String(status).charAt(0)}XX`, ...(ofAnyCall.has(status) ? ["default"] : [])];
    if (isForBrowsers(status, headers)) return [];
    const key = keys.find((one) => one in operation.responses);
    const named = key === undefined ? undefined : operation.responses[key];
    if (key === undefined || named === undefined)
      return [`its status ${status} is not documented: ${bytes.toString().slice(0, 300)}`];
    seen.add(`${method.toUpperCase()} ${route.template} ${key}`);
    const [response, pointer] = resolved(document, named, ["paths", route.template, method, "responses", key]);
    if (asked === "HEAD" || status === 304) return bytes.length > 0 ? ["it has a body"] : [];
    const type = String(headers["content-type"] ?? "").split(";", 1)[0] as string;
    if (response.content === undefined)
      return bytes.length > 0 ? [`${status} has a body that is not documented: ${type}`] : [];
    const media = response.content[type];
    if (media === undefined) return [`${status} comes as ${type || "nothing"}, which is not documented`];
    if (!/[/+]json$/.test(type) || media.schema === undefined) return [];
    const validate = validatorOf(`${pointer}/content/${escaped(type)}/schema`);
    if (validate(JSON.parse(bytes.toString()))) return [];
    const faults = validate.errors?.map(
      (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
    );
    return [`${status} ${[...new Set(faults)].slice(0, 5).join("; ")}: ${bytes.toString().slice(0, 300)}`];
  };
  return { check, unseen: () => ownAnswers(routes).filter((name) => !seen.has(name)) };
}

/** Whether this is what any route gives a browser instead of a problem: a page, or the way to the sign-in and back. */
function isForBrowsers(status: number, headers: Given["headers"]): boolean {
  if (status === 303 || status === 307) return /^\/auth\/(?:sign-in|renew)\?next=/.test(String(headers.location));
  return status >= 400 && String(headers["content-type"]).startsWith("text/html");
}

/** Every JSON answer that an operation describes by itself, and no page is given for, as `GET /shop/goods/{id} 200`. */
function ownAnswers(routes: Route[]): string[] {
  return routes.flatMap(({ template, methods }) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      Object.entries(responses).flatMap(([key, response]) =>
        "$ref" in response || !isJson(response) ? [] : [`${method.toUpperCase()} ${template} ${key}`],
      ),
    ),
  );
}

/** The routes of a document, those with fewer parameters first, as they are served. */
function routesOf(document: OpenApiDocument): Route[] {
  const routes = Object.entries(document.paths).map(([template, methods]) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll(/[.+]/g, "\\$&").replaceAll(/\{[^}]+\}/g, "[^/]+")}$`),
    methods: methods as Route["methods"],
  }));
  const parameters = ({ template }: Route) => template.split("{").length;
  return routes.sort((a, b) => parameters(a) - parameters(b));
}

function isJson({ content = {} }: Response): boolean {
  const types = Object.keys(content);
  return types.some((type) => /[/+]json$/.test(type)) && !types.includes("text/html");
}

function resolved(document: object, response: Response | { $ref: string }, path: string[]): [Response, string] {
  if (!("$ref" in response)) return [response, path.map((part) => `/${escaped(part)}`).join("")];
  const parts = response.$ref.slice(2).split("/");
  const found = parts.reduce((at: unknown, part) => (at as Record<string, unknown>)[part], document);
  return [found as Response, `/${parts.join("/")}`];
}

/** One step of a JSON pointer in a URI (RFC 6901 section 6). */
function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}

/** The same document with every object closed: a field that a schema does not name is a fault in an answer. */
function closed(document: OpenApiDocument): object {
  // A schema that others extend cannot be closed itself: it would refuse what they add.
  const extended = new Set(
    [...JSON.stringify(document).matchAll(/"allOf":\[\{"\$ref":"([^"]+)"/g)].map((found) => found[1]),
  );
  const close = (value: unknown, pointer: string, isPart = false): unknown => {
    if (Array.isArray(value)) return value.map((one, i) => close(one, `${pointer}/${i}`, isPart));
    if (typeof value !== "object" || value === null) return value;
    const copy: Record<string, unknown> = {};
    for (const [key, one] of Object.entries(value)) copy[key] = close(one, `${pointer}/${key}`, key === "allOf");
    const isObject = (copy.type === "object" && "properties" in copy) || "allOf" in copy;
    const isOpen = isObject && !isPart && !extended.has(pointer) && !("additionalProperties" in copy);
    return isOpen ? { ...copy, unevaluatedProperties: false } : copy;
  };
  return close(document, "#") as object;
}
