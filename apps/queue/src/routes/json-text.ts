import { errorResponse, Problem } from "@quintet/http";
import type { Context, HonoRequest, TypedResponse } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { JSONParsed } from "hono/utils/types";

const maxIgnoredBytes = 4096;
const mediaType = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/**
 * The request's body as JSON text, as it came, and as the value it means. The text is what gets stored, so that a value comes
 * back as it was given. Throws 415 for another media type, 413 above `maxBytes`, 400 for what is no JSON (RFC 8259).
 */
export async function readJsonText(request: HonoRequest, maxBytes: number): Promise<{ text: string; value: unknown }> {
  if (!mediaType.test(request.header("content-type") ?? "")) {
    throw new Problem("unsupported-media-type", "The body must be application/json.");
  }
  const text = await request.text();
  if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes) {
    throw new Problem("payload-too-large", `The body is larger than ${maxBytes} bytes.`);
  }
  if (text === "") throw new Problem("bad-request", "The body is empty; any JSON value is needed.");
  try {
    return { text, value: JSON.parse(text) };
  } catch (error) {
    throw new Problem("bad-request", "The body is not JSON.", { cause: error });
  }
}

/** Refuses the body of a call that takes none: a field in it would mean nothing. An empty object is let through. */
export async function rejectBody(request: HonoRequest): Promise<void> {
  const length = request.header("content-length") ?? "0";
  if (length === "0" && request.header("transfer-encoding") === undefined) return;
  const { value } = await readJsonText(request, maxIgnoredBytes);
  const fields = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [""];
  if (fields.length === 0) return;
  const errors = fields.slice(0, 100).map((path) => ({ path, message: "is not known here" }));
  throw new Problem("unprocessable", "This call takes no body.", { errors });
}

/** The answers of a call that takes no body to a request that has one. */
export const rejectedBodyResponses = {
  413: errorResponse("A body came, and a large one"),
  415: errorResponse("A body came, and it is no JSON"),
  422: errorResponse("A body came, and this call takes none"),
};

/** An answer whose JSON text is put together already; `T` is what the text means. */
export function jsonTextResponse<T, S extends ContentfulStatusCode>(
  c: Pick<Context, "body">,
  text: string,
  status: S,
): TypedResponse<JSONParsed<T>, S, "json"> {
  const response: unknown = c.body(text, status, { "Content-Type": "application/json" });
  return response as TypedResponse<JSONParsed<T>, S, "json">;
}
