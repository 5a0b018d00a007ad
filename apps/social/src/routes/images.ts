import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  errorResponse,
  idempotent,
  ifNoneMatch,
  jsonResponse,
  mediaTypeOf,
  noQuery,
  Problem,
  type ServiceEnv,
  wholeNumber,
} from "@quintet/http";
import type { Deps } from "../deps.ts";
import { createImages, type UploadedImage } from "../images/images.ts";

const tags = ["social"];
const accepted = ["image/jpeg", "image/png", "image/webp"];
const binary = { schema: { type: "string" as const, format: "binary" } };

const imageParams = z.strictObject({
  id: z.uuid("must be the id of an image").openapi({ description: "Id of the image" }),
});
const widthQuery = z.strictObject({
  width: wholeNumber(1, 10_000)
    .optional()
    .transform((width) => width ?? 960)
    .openapi({
      description: "Wanted width in pixels: the response has it or the next larger one that there is; 960 by default",
    }),
});

const uploadedSchema = z
  .object({
    id: z.uuid().describe("Id of the image, for `images` of a post"),
    url: z.string().describe("Where it is; `?width=` chooses a size"),
    width: z.number().int().describe("Width in pixels of the largest size"),
    height: z.number().int().describe("Height in pixels of the largest size"),
  })
  .openapi("UploadedImage", { description: "An image that was uploaded" });

const uploadedListSchema = z
  .object({ images: z.array(uploadedSchema).describe("At most 20, latest first") })
  .openapi("UploadedImages", { description: "The images of an account that no post has" });

const withUrl = (image: UploadedImage) => ({ ...image, url: `/social/images/${image.id}` });

/** Adds the routes that upload and serve images. */
export function addImageRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const images = createImages(deps.database.db, deps.profiles);
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("social:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/images",
        tags,
        summary: "Upload an image",
        description:
          "Stores a still JPEG, PNG or WebP image of at most 10 MiB and 40 megapixels, for a post of the caller. It is turned upright, kept as " +
          "WebP at most 1,920 pixels wide, and its EXIF data are removed, also the place where it was taken. An image that no post has is " +
          "removed after a day.",
        request: {
          ...noQuery,
          body: { required: true as const, content: Object.fromEntries(accepted.map((type) => [type, binary])) },
        },
        responses: {
          201: jsonResponse(uploadedSchema, "Image stored; its URL is in `Location`"),
          409: errorResponse(
            "The account has 20 images that no post has, or a request with this Idempotency-Key is in flight",
          ),
          422: errorResponse("The body is no such image, or the Idempotency-Key was used with a different one"),
        },
      }),
      async (c) => {
        if (!accepted.includes(mediaTypeOf(c.req.header("content-type") ?? ""))) {
          throw new Problem("unsupported-media-type", `Content-Type must be one of ${accepted.join(", ")}.`);
        }
        const file = Buffer.from(await c.req.arrayBuffer());
        const image = await images.upload(c.var.account, file, c.var.keyed);
        const stored = withUrl(image);
        c.header("Location", stored.url);
        return c.json(stored, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/images",
        tags,
        summary: "List uploaded images",
        description: "Lists the caller's images that no post has; each is removed a day after its upload.",
        request: noQuery,
        responses: { 200: jsonResponse(uploadedListSchema, "The images") },
      }),
      async (c) => c.json({ images: (await images.list(c.var.account.id)).map(withUrl) }, 200),
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/images/{id}",
        tags,
        summary: "Get an image",
        description:
          "Gets an image of a post that the caller sees, or an own one. It never changes: clients may keep it.",
        request: { params: imageParams, query: widthQuery },
        responses: {
          200: { description: "The image", content: { "image/webp": binary } },
          304: { description: "Not modified: the client has this size (If-None-Match)" },
          404: errorResponse("The image does not exist, or is of a post that the caller does not see"),
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const { width, content } = await images.read(id, c.var.account.id, c.req.valid("query").width);
        const etag = `"${id}-${width}"`;
        c.header("ETag", etag);
        c.header("Cache-Control", "private, max-age=31536000, immutable");
        c.header("Vary", "Authorization, Cookie", { append: true });
        if (ifNoneMatch(c.req.header("if-none-match"), etag)) return c.body(null, 304);
        c.header("Content-Security-Policy", "default-src 'none'; sandbox");
        return c.body(new Uint8Array(content), 200, { "Content-Type": "image/webp" });
      },
    );
}
