import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { Problem } from "../errors/problem.ts";

/** A key for one purpose out of the installation's secret (HKDF, RFC 5869): 32 bytes. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "quintet", purpose, 32));
}

const macLength = 16;

function mac(key: Buffer, payload: Buffer): Buffer {
  // A KeyObject, because createHmac takes four times as long with a Buffer.
  return createHmac("sha256", createSecretKey(key)).update(payload).digest().subarray(0, macLength);
}

/** An opaque, signed page position: base64url of a 16-byte HMAC-SHA256 followed by the JSON of `position`. */
export function encodeCursor(key: Buffer, position: unknown): string {
  const payload = Buffer.from(JSON.stringify(position));
  return Buffer.concat([mac(key, payload), payload]).toString("base64url");
}

/**
 * The position in a cursor of `encodeCursor`, undefined without a cursor; a forged one, or one of another list, is a 400 that names
 * `cursor`.
 */
export function decodeCursor<S extends z.ZodType>(key: Buffer, cursor: string, schema: S): z.infer<S>;
export function decodeCursor<S extends z.ZodType>(
  key: Buffer,
  cursor: string | undefined,
  schema: S,
): z.infer<S> | undefined;
export function decodeCursor<S extends z.ZodType>(
  key: Buffer,
  cursor: string | undefined,
  schema: S,
): z.infer<S> | undefined {
  if (cursor === undefined) return undefined;
  const bytes = Buffer.from(cursor, "base64url");
  const payload = bytes.subarray(macLength);
  if (bytes.length > macLength && timingSafeEqual(mac(key, payload), bytes.subarray(0, macLength))) {
    const parsed = schema.safeParse(JSON.parse(payload.toString()));
    if (parsed.success) return parsed.data;
  }
  const message = "The cursor is not valid for this list.";
  throw new Problem("bad-request", message, { errors: [{ path: "cursor", message }] });
}

/** A whole number in a query or path, as text of at most 15 digits. */
export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^-?\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, { message })
    .meta({ type: "integer", minimum: min, maximum: max });
}

/** The `cursor` parameter of a list. */
export const cursorParam = z
  .string()
  .optional()
  .describe("`nextCursor` of the previous page; the first page by default");

/** The `limit` parameter of every list: 1 to 100. */
export function limitParam(defaultLimit: number) {
  return wholeNumber(1, 100)
    .optional()
    .transform((value) => value ?? defaultLimit)
    .meta({
      type: "integer",
      minimum: 1,
      maximum: 100,
      default: defaultLimit,
      description: `Max items of the page, 1 to 100; default ${defaultLimit}`,
    });
}
