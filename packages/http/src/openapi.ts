import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { ServiceEnv } from "./types.ts";

/** The schema of every error answer, under one name in every document. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi("Problem");

/** A JSON answer for a route's `responses`. */
export function jsonAnswer<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A required JSON body for a route's `request`. */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { body: { required: true as const, content: { "application/json": { schema } } } };
}

/** A required form body (`application/x-www-form-urlencoded`) for a route's `request`. */
export function formBody<S extends z.ZodType>(schema: S) {
  return { body: { required: true as const, content: { "application/x-www-form-urlencoded": { schema } } } };
}

/** The OpenAPI 3.1 document of an app; the security schemes are the same for all. */
export function openApiDocument(app: OpenAPIHono<ServiceEnv>, info: { title: string; version: string }) {
  const document = app.getOpenAPI31Document({ openapi: "3.1.0", info, servers: [{ url: "/" }] });
  return {
    ...document,
    components: {
      ...document.components,
      securitySchemes: {
        basic: { type: "http" as const, scheme: "basic" },
        bearer: { type: "http" as const, scheme: "bearer", bearerFormat: "JWT" },
      },
    },
  };
}
