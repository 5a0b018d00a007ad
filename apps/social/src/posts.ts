import { type KeyedRequest, Problem } from "@quintet/http";
import type { Database } from "./database.ts";
import { doOnce } from "./done-requests.ts";
import { insertPost, type PostText, type PostWithOwner, postQueries } from "./post-queries.ts";
import type { Profiles } from "./profiles.ts";

interface Writer {
  id: number;
  email: string;
}

/** What an account may do with posts. A draft does not exist for anyone but its owner. */
export function createPosts(db: Database, profiles: Profiles) {
  const queries = postQueries(db);
  const unknown = () => new Problem("not-found", "There is no such post.");
  return {
    async read(id: number, viewer: number): Promise<PostWithOwner> {
      const found = await queries.visible(id, viewer);
      if (!found) throw unknown();
      return found;
    },
    /** A new post, once for a keyed request. */
    async write(writer: Writer, text: PostText, request?: KeyedRequest): Promise<PostWithOwner> {
      const owner = await profiles.own(writer);
      const post = await doOnce(db, request, (on) => insertPost(on, writer.id, text));
      return { post: { ...post, createdAt: new Date(post.createdAt) }, owner };
    },
    /** A 403 for a post that is somebody else's; one that is not there passes, to be a 404 after validation. */
    async mayChange(id: number, accountId: number): Promise<void> {
      const owner = await queries.ownerOf(id, accountId);
      if (owner !== undefined && owner !== accountId) {
        throw new Problem("forbidden", "Only its owner may change or delete a post.");
      }
    },
    /** The whole text is replaced; id, owner, time and votes stay. */
    async replace(id: number, writer: Writer, text: PostText): Promise<PostWithOwner> {
      const post = await queries.replace(id, writer.id, text);
      if (!post) throw unknown();
      return { post, owner: await profiles.own(writer) };
    },
    async remove(id: number, accountId: number): Promise<void> {
      if (!(await queries.remove(id, accountId))) throw unknown();
    },
  };
}
