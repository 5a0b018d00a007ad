import { errorResponse, isJsonType, Problem } from "@quintet/http";
import type { Context, HonoRequest, TypedResponse } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { JSONParsed } from "hono/utils/types";

const maxIgnoredBytes = 4096;

/** A request's body as JSON text and as its value. The text is stored unchanged, so that a value is returned exactly as it was sent. */
interface JsonText {
  text: string;
  value: unknown;
}

/**
 * The request's body as JSON text and as its value. Throws 415 for another media type, 413 above `maxBytes`, 400 for invalid JSON
 * (RFC 8259).
 */
export async function readJsonText(request: HonoRequest, maxBytes: number): Promise<JsonText> {
  requireJsonType(request);
  return parseJsonText(await request.text(), maxBytes);
}

/** The same behind a guard, which has read the body. */
export function jsonTextOf(
  c: { req: HonoRequest; get(name: "bodyText"): string | undefined },
  maxBytes: number,
): JsonText {
  requireJsonType(c.req);
  return parseJsonText(c.get("bodyText") ?? "", maxBytes);
}

function requireJsonType(request: HonoRequest): void {
  if (!isJsonType(request.header("content-type"))) {
    throw new Problem("unsupported-media-type", "The body must be application/json.");
  }
}

function parseJsonText(text: string, maxBytes: number): JsonText {
  // A character of a text takes at most three bytes for each unit of its length.
  if (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes) {
    throw new Problem("payload-too-large", `The body is larger than ${maxBytes} bytes.`);
  }
  if (text === "") throw new Problem("bad-request", "The body is empty; a JSON value is required.");
  try {
    return { text, value: JSON.parse(text) };
  } catch (error) {
    throw new Problem("bad-request", "The body is not JSON.", { cause: error });
  }
}

/** The value of a body that may be left out, then it is an empty object. Throws what `readJsonText` throws; a 415 before the body is read. */
export async function readOptionalJson(request: HonoRequest, maxBytes: number): Promise<unknown> {
  const hasType = request.header("content-type") !== undefined;
  if (request.header("content-length") === "0" || !(hasType || hasBody(request))) return {};
  if (hasType) requireJsonType(request);
  return (await request.text()) === "" ? {} : (await readJsonText(request, maxBytes)).value;
}

/** Whether the head of a request announces a body. */
function hasBody(request: HonoRequest): boolean {
  return (request.header("content-length") ?? "0") !== "0" || request.header("transfer-encoding") !== undefined;
}

/** Rejects a body (422) where none is expected, because its fields would have no effect. An empty object is allowed. */
export function rejectBody(request: HonoRequest): Promise<void> | undefined {
  return hasBody(request) ? rejectFields(request) : undefined;
}

async function rejectFields(request: HonoRequest): Promise<void> {
  const { value } = await readJsonText(request, maxIgnoredBytes);
  const fields = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [""];
  if (fields.length === 0) return;
  const errors = fields.slice(0, 100).map((path) => ({ path, message: "unknown field" }));
  throw new Problem("unprocessable", "This operation takes no body.", { errors });
}

/** The error responses of an operation that takes no body. */
export const rejectedBodyResponses = {
  413: errorResponse("The request has a body, and a large one; the operation takes none"),
  415: errorResponse("The request has a body that is not JSON; the operation takes none"),
  422: errorResponse("The request has a body; the operation takes none"),
};

/** A response of JSON text; `T` is the type of its value. */
export function jsonTextResponse<T, S extends ContentfulStatusCode>(
  c: Pick<Context, "body">,
  text: string,
  status: S,
): TypedResponse<JSONParsed<T>, S, "json"> {
  const response: unknown = c.body(text, status, { "Content-Type": "application/json" });
  return response as TypedResponse<JSONParsed<T>, S, "json">;
}
