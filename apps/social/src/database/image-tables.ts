import { bigint, check, customType, index, integer, primaryKey, smallint, sql, text, uuid } from "./drizzle.ts";
import { posts, profiles, social, time } from "./schema.ts";

export const maxAltLength = 1000;

const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });

/** Images that people uploaded. One that no post has is removed after a day; one of a post goes with it. */
export const images = social.table(
  "images",
  {
    /** Random, so that a URL cannot be guessed. */
    id: uuid().primaryKey().defaultRandom(),
    ownerId: bigint("owner_id", { mode: "number" })
      .notNull()
      .references(() => profiles.id),
    postId: bigint("post_id", { mode: "number" }).references(() => posts.id, { onDelete: "cascade" }),
    /** Its place among the images of the post. */
    position: smallint().notNull().default(0),
    alt: text().notNull().default(""),
    /** In pixels, of the largest file. */
    width: integer().notNull(),
    height: integer().notNull(),
    createdAt: time("created_at").notNull().defaultNow(),
  },
  (image) => [
    index("images_of_post").on(image.postId, image.position),
    index("images_unattached").on(image.createdAt).where(sql`${image.postId} is null`),
    index("images_of_owner").on(image.ownerId, image.createdAt),
    check("images_alt_length", sql`char_length(${image.alt}) <= ${sql.raw(String(maxAltLength))}`),
  ],
);

/** The files of an image, WebP, one for each width. */
export const imageFiles = social.table(
  "image_files",
  {
    imageId: uuid("image_id")
      .notNull()
      .references(() => images.id, { onDelete: "cascade" }),
    /** In pixels. */
    width: integer().notNull(),
    content: bytea().notNull(),
  },
  (file) => [primaryKey({ columns: [file.imageId, file.width] })],
);
