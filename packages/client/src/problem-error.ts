import type { ProblemBody } from "@quintet/http";
import type { ClientResponse } from "hono/client";
import type { SuccessStatusCode } from "hono/utils/http-status";

/** A request failed; `problem` says why (RFC 9457). */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: ProblemBody;
  readonly headers: Headers;

  constructor(problem: ProblemBody, headers: Headers) {
    super(`${problem.status} ${problem.title}: ${problem.detail}`);
    this.problem = problem;
    this.headers = headers;
  }

  get status(): ProblemBody["status"] {
    return this.problem.status;
  }
}

type AnyResponse = ClientResponse<unknown, number, string>;

/** The bodies of successful responses. */
type Body<Response> =
  Response extends ClientResponse<infer Value, infer Status, infer Format>
    ? Status extends SuccessStatusCode
      ? Format extends "json"
        ? Value
        : undefined
      : never
    : never;

/** The successful responses, including 304. */
type Successful<Response> =
  Response extends ClientResponse<infer Value, infer Status, infer Format>
    ? Status extends SuccessStatusCode | 304
      ? ClientResponse<Value, Status, Format>
      : never
    : never;

/**
 * The JSON body of a successful response; undefined when it has none (204). Throws `ProblemError` for a status of 400 or more.
 *
 *     const { queues } = await ok(client.queue.queues.$get());
 */
export async function ok<Response extends AnyResponse>(call: Promise<Response>): Promise<Body<Response>> {
  const response = await answered(call);
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return (isJson ? await response.json() : undefined) as Body<Response>;
}

/** A successful response with an unread body, for headers, files and streams. Throws like `ok`. */
export async function answered<Response extends AnyResponse>(call: Promise<Response>): Promise<Successful<Response>> {
  const response = await call;
  if (response.status >= 400) throw new ProblemError(await problemOf(response), response.headers);
  return response as unknown as Successful<Response>;
}

/** The problem in a response; a substitute when a proxy in between sent the response. */
async function problemOf(response: AnyResponse): Promise<ProblemBody> {
  const text = await response.text();
  if (response.headers.get("content-type")?.startsWith("application/problem+json"))
    return JSON.parse(text) as ProblemBody;
  return {
    type: "about:blank",
    title: response.statusText,
    status: response.status as ProblemBody["status"],
    detail: text.slice(0, 1000),
    instance: new URL(response.url).pathname,
    requestId: response.headers.get("x-request-id") ?? "",
  };
}
