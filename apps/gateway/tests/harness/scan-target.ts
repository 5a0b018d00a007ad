import type { IncomingMessage } from "node:http";
import { behind } from "../edge.ts";
import { type Answer, type Body, Client } from "./client.ts";
import { type OpenApiDocument, type Operation, pathOf } from "./operations.ts";
import { formOf, jsonOf, leftOut } from "./scan-form.ts";

/** A page with a form for each operation of Quintet, for a scanner that finds what to attack by reading pages. */
export interface ScanTarget extends AsyncDisposable {
  /** Where the page is. */
  url: string;
  /** What no answer may be, and what the scanner does not look for by itself: every 5xx, every one the document does not know. */
  faults: Set<string>;
}

/**
 * Serves the page on a free port of the loopback. A form's fields are the operation's parameters and the fields of its body;
 * what is sent comes to Quintet as that operation's call, made with the headers that `authorize` gives.
 */
export async function scanTarget(
  origin: string,
  document: OpenApiDocument,
  operations: Operation[],
  authorize: () => Promise<Record<string, string>>,
  values: (operation: Operation) => Record<string, string>,
): Promise<ScanTarget> {
  const faults = new Set<string>();
  const forms = operations.map((one, index) => formOf(document, one, `/call/${index}`, values(one)));
  const page = `<!doctype html><title>Operations</title>${forms.join("\n")}`;
  const client = new Client(origin);

  const call = async (operation: Operation, fields: URLSearchParams, request: IncomingMessage) => {
    // As a program does: a browser's Accept where there is a page, JSON where there is none.
    const described = document.paths[operation.template]?.[operation.method.toLowerCase()];
    const isPage = JSON.stringify(described).includes("text/html");
    const accept: Record<string, string> = isPage ? {} : { accept: "application/json" };
    const headers = { ...passedOn(request), ...accept, ...(await authorize()) };
    const given = (place: string) =>
      [...fields]
        .filter(([name, value]) => name.startsWith(place) && value !== leftOut)
        .map(([name, value]) => [name.slice(place.length), value]);
    const path = Object.fromEntries(given("path.").map(([name, value]) => [name, encodeURIComponent(value ?? "")]));
    const query = new URLSearchParams(given("query.") as [string, string][]);
    const url = pathOf(operation, path) + (query.size > 0 ? `?${query}` : "");
    let body: Body;
    if (operation.fields) body = Object.fromEntries(given("body.").map(([name, value]) => [name, jsonOf(value ?? "")]));
    else if (operation.takesJson) body = jsonOf(fields.get("whole") ?? "");
    else if (operation.method !== "GET") body = new URLSearchParams(given("form.") as [string, string][]);
    try {
      const answer = await client.send(operation.method, url, body, { headers });
      if (answer.status >= 500) faults.add(`${operation.method} ${url}: ${answer.status} ${answer.text}`);
      return answer;
    } catch (error) {
      faults.add(error instanceof Error ? error.message : `${operation.name}: ${error}`);
      return undefined;
    }
  };

  const target = await behind(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://quintet.test");
    const operation = operations[Number(/^\/call\/(\d+)$/.exec(url.pathname)?.[1] ?? Number.NaN)];
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (operation) {
      const text = Buffer.concat(parts).toString("utf8");
      const answer = await call(operation, new URLSearchParams(request.method === "POST" ? text : url.search), request);
      response.writeHead(answer?.status ?? 502, answer && headersOf(answer)).end(answer?.bytes);
    } else if (url.pathname === "/") {
      response.writeHead(200, { "Content-Type": "text/html" }).end(page);
    } else {
      response.writeHead(404).end();
    }
  });
  return { url: `${target.origin}/`, faults, [Symbol.asyncDispose]: () => target[Symbol.asyncDispose]() };
}

/** The scanner's own headers, which it attacks too, but for those that belong to its connection and its body. */
function passedOn(request: IncomingMessage): Record<string, string> {
  const own = /^(?:host|connection|content-.*|transfer-encoding|accept-encoding|authorization)$/;
  return Object.fromEntries(Object.entries(request.headers).filter(([name]) => !own.test(name))) as Record<
    string,
    string
  >;
}

function headersOf(answer: Answer): string[] {
  const pairs = answer.rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, answer.rawHeaders[i + 1] ?? ""]] : []));
  return pairs.filter(([name = ""]) => !/^(?:connection|keep-alive|transfer-encoding)$/i.test(name)).flat();
}
