import type { ProblemBody } from "@quintet/http";
import type { ClientResponse } from "hono/client";
import type { SuccessStatusCode } from "hono/utils/http-status";

/** Quintet refused a call, or could not carry it out. `problem` says why (RFC 9457). */
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

type AnyAnswer = ClientResponse<unknown, number, string>;

/** The bodies with which a call may succeed. */
type Body<Answer> =
  Answer extends ClientResponse<infer Value, infer Status, infer Format>
    ? Status extends SuccessStatusCode
      ? Format extends "json"
        ? Value
        : undefined
      : never
    : never;

/** The answers with which a call may succeed, 304 among them. */
type Good<Answer> =
  Answer extends ClientResponse<infer Value, infer Status, infer Format>
    ? Status extends SuccessStatusCode | 304
      ? ClientResponse<Value, Status, Format>
      : never
    : never;

/**
 * The JSON body of a call that succeeded; undefined when it has none (204). Throws `ProblemError` for anything from 400 on.
 *
 *     const { queues } = await ok(client.queue.queues.$get());
 */
export async function ok<Answer extends AnyAnswer>(call: Promise<Answer>): Promise<Body<Answer>> {
  const answer = await answered(call);
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  return (isJson ? await answer.json() : undefined) as Body<Answer>;
}

/** The answer of a call that succeeded, its body not read yet: for headers, files and streams. Throws as `ok` does. */
export async function answered<Answer extends AnyAnswer>(call: Promise<Answer>): Promise<Good<Answer>> {
  const answer = await call;
  if (answer.status >= 400) throw new ProblemError(await problemOf(answer), answer.headers);
  return answer as unknown as Good<Answer>;
}

/** The problem that an answer tells; one in its stead when something between here and Quintet has answered. */
async function problemOf(answer: AnyAnswer): Promise<ProblemBody> {
  const text = await answer.text();
  if (answer.headers.get("content-type")?.startsWith("application/problem+json"))
    return JSON.parse(text) as ProblemBody;
  return {
    type: "about:blank",
    title: answer.statusText,
    status: answer.status as ProblemBody["status"],
    detail: text.slice(0, 1000),
    instance: new URL(answer.url).pathname,
    requestId: answer.headers.get("x-request-id") ?? "",
  };
}
