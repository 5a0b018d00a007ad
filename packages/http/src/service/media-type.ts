/** The media type that a `Content-Type` header names, in lower case and without its parameters (RFC 9110 section 8.3.1); "" for none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Whether it is JSON, or a format that is built on JSON (RFC 6839 section 3.1). */
export function isJsonType(contentType: string | undefined): boolean {
  return contentType === "application/json" || /^application\/(?:[\w.-]+\+)?json$/.test(mediaTypeOf(contentType));
}

/** The media type of an HTML form's fields. */
export const formType = "application/x-www-form-urlencoded";
