import { type KeyedRequest, Problem } from "@quintet/http";
import type { Database } from "../database/database.ts";
import { runOncePerKey } from "../database/processed-requests.ts";
import type { Profiles } from "../users/profiles.ts";
import { type PostView, postLoader } from "./load-posts.ts";
import { insertPost, type PostText, postQueries } from "./post-queries.ts";

interface Author {
  id: number;
  email: string;
}

/** Creates, reads, replaces and deletes posts. To anyone but its owner, a draft does not exist. */
export function createPosts(db: Database, profiles: Profiles) {
  const queries = postQueries(db);
  const loadPosts = postLoader(db);
  const notFound = () => new Problem("not-found", "Post not found.");
  return {
    async get(id: number, viewer: number): Promise<PostView> {
      const [found] = await loadPosts([id], viewer);
      if (!found) throw notFound();
      return found;
    },
    /** Creates a post, once for a keyed request. */
    async create(writer: Author, text: PostText, request?: KeyedRequest): Promise<PostView> {
      await profiles.ensure(writer);
      return runOncePerKey(db, request, async (on) => {
        const id = await insertPost(on, writer.id, text);
        const [made] = await (on === db ? loadPosts : postLoader(on))([id], writer.id);
        if (!made) throw notFound();
        return made;
      });
    },
    /** Throws 403 for another account's post. An unknown post passes: it is a 404 after validation. */
    async requireOwner(id: number, accountId: number): Promise<void> {
      const owner = await queries.findOwner(id, accountId);
      if (owner !== undefined && owner !== accountId) {
        throw new Problem("forbidden", "Only the owner may change or delete a post.");
      }
    },
    /** Replaces the text of a post; id, owner, time and votes stay. */
    async replace(id: number, writer: Author, text: PostText): Promise<PostView> {
      const isReplaced = await queries.replace(id, writer.id, text);
      const [post] = isReplaced ? await loadPosts([id], writer.id) : [];
      if (!post) throw notFound();
      return post;
    },
    async delete(id: number, accountId: number): Promise<void> {
      if (!(await queries.delete(id, accountId))) throw notFound();
    },
  };
}
