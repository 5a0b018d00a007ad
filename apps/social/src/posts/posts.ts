import { type KeyedRequest, Problem } from "@quintet/http";
import type { Database } from "../database/database.ts";
import { runOncePerKey } from "../database/processed-requests.ts";
import type { Profiles } from "../users/profiles.ts";
import { insertPost, type PostText, type PostWithOwner, postQueries } from "./post-queries.ts";

interface Author {
  id: number;
  email: string;
}

/** Creates, reads, replaces and deletes posts. To anyone but its owner, a draft does not exist. */
export function createPosts(db: Database, profiles: Profiles) {
  const queries = postQueries(db);
  const notFound = () => new Problem("not-found", "Post not found.");
  return {
    async get(id: number, viewer: number): Promise<PostWithOwner> {
      const found = await queries.findVisible(id, viewer);
      if (!found) throw notFound();
      return found;
    },
    /** Creates a post, once for a keyed request. */
    async create(writer: Author, text: PostText, request?: KeyedRequest): Promise<PostWithOwner> {
      const owner = await profiles.ensure(writer);
      const post = await runOncePerKey(db, request, (on) => insertPost(on, writer.id, text));
      return { post: { ...post, createdAt: new Date(post.createdAt) }, owner };
    },
    /** Throws 403 for another account's post. An unknown post passes: it is a 404 after validation. */
    async requireOwner(id: number, accountId: number): Promise<void> {
      const owner = await queries.findOwner(id, accountId);
      if (owner !== undefined && owner !== accountId) {
        throw new Problem("forbidden", "Only the owner may change or delete a post.");
      }
    },
    /** Replaces the text of a post; id, owner, time and votes stay. */
    async replace(id: number, writer: Author, text: PostText): Promise<PostWithOwner> {
      const post = await queries.replace(id, writer.id, text);
      if (!post) throw notFound();
      return { post, owner: await profiles.ensure(writer) };
    },
    async delete(id: number, accountId: number): Promise<void> {
      if (!(await queries.delete(id, accountId))) throw notFound();
    },
  };
}
