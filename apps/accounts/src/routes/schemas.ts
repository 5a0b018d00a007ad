import { z } from "@hono/zod-openapi";

const id = z.number().int().openapi({ example: 7 });

export const registeredSchema = z
  .object({ id, username: z.string(), email: z.string(), createdAt: z.iso.datetime() })
  .openapi("Registered");

export const accountSchema = z
  .object({ id, username: z.string(), email: z.string(), isStaff: z.boolean(), createdAt: z.iso.datetime() })
  .openapi("Account");

export const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }).openapi("KeySet");
