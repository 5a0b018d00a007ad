import { type KeyedRequest, Problem } from "@quintet/http";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { runOncePerKey } from "../database/processed-requests.ts";
import { type AdmitWrite, reportPhrases, type Said } from "../moderation/write-rules.ts";
import type { Profiles } from "../users/profiles.ts";
import { type PostView, postLoader } from "./load-posts.ts";
import { changePost, insertPost, type PostChange, type PostEdit, type PostText, postQueries } from "./post-queries.ts";
import { matchedVersions, otherVersion } from "./versions.ts";

interface Author {
  id: number;
  email: string;
  createdAt: string;
}

/** Creates, reads, changes and deletes posts. To anyone but its owner, a draft does not exist. */
export function createPosts(db: Database, profiles: Profiles, admit: AdmitWrite) {
  const queries = postQueries(db);
  const loadPosts = postLoader(db, "whole");
  const notFound = () => new Problem("not-found", "Post not found.");

  const get = async (id: number, viewer: number): Promise<PostView> => {
    const [found] = await loadPosts([id], viewer);
    if (!found) throw notFound();
    return found;
  };
  /** Why a change of `id` found no row: throws 404, or returns 412. */
  const missingOrOther = async (id: number, ownerId: number): Promise<Problem> => {
    await get(id, ownerId);
    return otherVersion();
  };

  return {
    get,
    /** Creates a post, once for a keyed request. */
    async create(writer: Author, text: PostText, request?: KeyedRequest): Promise<PostView> {
      await profiles.ensure(writer);
      const made = runOncePerKey(db, request, (on) =>
        on.transaction(async (tx) => {
          const phrases = await admit(tx, writer, { kind: "post", texts: textsOf(text) });
          const [post] = await postLoader(tx, "whole")([await insertPost(tx, writer.id, text)], writer.id);
          if (!post) throw notFound();
          await reportPhrases(tx, saidIn(post.post.id, writer.id, text), phrases);
          return post;
        }),
      );
      return unwrapDriverError(made);
    },
    /** Throws 403 for another account's post. An unknown post passes: it is a 404 after validation. */
    async requireOwner(id: number, accountId: number): Promise<void> {
      const owner = await queries.findOwner(id, accountId);
      if (owner !== undefined && owner !== accountId) {
        throw new Problem("forbidden", "Only the owner may change or delete a post.");
      }
    },
    /**
     * Changes the given fields of a post, if `ifMatch`, an If-Match header, names its current version or is absent; id, owner, time and
     * votes stay. Throws 404 and 412.
     */
    async change(id: number, owner: Author, change: PostChange, ifMatch?: string): Promise<PostView> {
      const versions = matchedVersions(ifMatch, id);
      const changed = db.transaction(async (tx) => {
        const phrases = await admit(tx, owner, { texts: textsOf(change) });
        if (!(await changePost(tx, { id, ownerId: owner.id, versions }, change))) return false;
        await reportPhrases(tx, saidIn(id, owner.id, change), phrases);
        return true;
      });
      if (!(await unwrapDriverError(changed))) throw await missingOrOther(id, owner.id);
      return get(id, owner.id);
    },
    /** Throws 428 when a change of a post that is there has no If-Match header. */
    async requireIfMatch(id: number, ownerId: number, ifMatch: string | undefined): Promise<void> {
      if (ifMatch !== undefined) return;
      await get(id, ownerId);
      throw new Problem("precondition-required", "If-Match is required: the ETag that the change is based on, or *.");
    },
    async delete(id: number, ownerId: number, ifMatch?: string): Promise<void> {
      const isDeleted = await queries.delete(id, ownerId, matchedVersions(ifMatch, id));
      if (!isDeleted) throw await missingOrOther(id, ownerId);
    },
    /** The earlier texts of a post that the viewer may see, before a version, latest first. */
    async edits(id: number, viewer: number, page: { before: number | undefined; limit: number }): Promise<PostEdit[]> {
      if ((await queries.findOwner(id, viewer)) === undefined) throw notFound();
      return queries.edits(id, page.before, page.limit);
    },
  };
}

/** The texts that somebody writes, by their fields. */
function textsOf({ title, content }: PostChange): Record<string, string> {
  return { ...(title !== undefined && { title }), ...(content !== undefined && { content }) };
}

function saidIn(id: number, authorId: number, text: PostChange): Said {
  return { subject: "post", subjectId: id, authorId, said: Object.values(textsOf(text)).join("\n\n") };
}
