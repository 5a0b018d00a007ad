import { type KeyedRequest, Problem } from "@quintet/http";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { runOncePerKey } from "../database/processed-requests.ts";
import type { Profiles } from "../users/profiles.ts";
import { insertImage, listUnattached, maxUnattached, readImageFile } from "./image-queries.ts";
import { resizeImage } from "./read-image.ts";

export interface UploadedImage {
  id: string;
  width: number;
  height: number;
}

/** Uploads and serves images. */
export function createImages(db: Database, profiles: Profiles) {
  return {
    /** Stores an image, once for a keyed request. Throws 422 for a file that is none, 409 for too many that no post has. */
    async upload(owner: { id: number; email: string }, file: Buffer, request?: KeyedRequest): Promise<UploadedImage> {
      await profiles.ensure(owner);
      const stored = runOncePerKey(db, request, async (on) => {
        const image = await resizeImage(file);
        const id = await on.transaction((tx) => insertImage(tx, owner.id, image));
        if (id) return { id, width: image.width, height: image.height };
        throw new Problem(
          "conflict",
          `You have ${maxUnattached} images that no post has: write a post with them, or wait a day.`,
        );
      });
      return unwrapDriverError(stored);
    },
    /** The images of an account that no post has, latest first. */
    list: (ownerId: number): Promise<UploadedImage[]> => listUnattached(db, ownerId),
    /** Throws 404 for an image that the viewer does not see. */
    async read(id: string, viewer: number, width: number): Promise<{ width: number; content: Buffer }> {
      const file = await readImageFile(db, viewer, { id, width });
      if (!file) throw new Problem("not-found", "Image not found.");
      return file;
    },
  };
}
