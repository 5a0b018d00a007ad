import { Problem } from "@quintet/http";
import { comments } from "../database/comment-tables.ts";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, desc, eq, isNull, sql } from "../database/drizzle.ts";
import { type actionKinds, appeals, moderationActions, reports } from "../database/moderation-tables.ts";
import { everybody, hidden, hiddenReasons, posts, profiles } from "../database/schema.ts";

export type ModerationAction = typeof moderationActions.$inferSelect;
export type ActionKind = (typeof actionKinds)[number];
type Acted = Pick<ModerationAction, "action" | "subject" | "subjectId" | "authorId">;

/** An action with its appeal, if there is one. */
export interface ActionView extends ModerationAction {
  appeal: typeof appeals.$inferSelect | null;
}

/** What staff does about posts and people: each with its reason, undoable, and told to the author. */
export function createModeration(db: Database) {
  /** Does something and records it in one transaction; open reports of the subject are resolved by it. */
  const act = (staff: number, reason: string, change: (tx: Transaction) => Promise<Acted>): Promise<ModerationAction> =>
    unwrapDriverError(db.transaction(async (tx) => recordAction(tx, staff, reason, await change(tx))));

  return {
    removePost: (staff: number, id: number, reason: string) =>
      act(staff, reason, (tx) => changeText(tx, "post", id, "remove")),
    restorePost: (staff: number, id: number, reason: string) =>
      act(staff, reason, (tx) => changeText(tx, "post", id, "restore")),
    removeComment: (staff: number, id: number, reason: string) =>
      act(staff, reason, (tx) => changeText(tx, "comment", id, "remove")),
    restoreComment: (staff: number, id: number, reason: string) =>
      act(staff, reason, (tx) => changeText(tx, "comment", id, "restore")),
    /** Nobody but staff sees what a suspended person writes and is; he may read and appeal. */
    suspend: (staff: number, id: number, reason: string) =>
      act(staff, reason, (tx) => {
        if (id === staff) throw new Problem("unprocessable", "Nobody can suspend himself.");
        return changeUser(tx, id, "suspend");
      }),
    reinstate: (staff: number, id: number, reason: string) =>
      act(staff, reason, (tx) => changeUser(tx, id, "reinstate")),

    /** A page of actions, the latest first: those about an author, or all. */
    async list(limit: number, after: number | undefined, authorId?: number): Promise<ActionView[]> {
      const read = db
        .select({ action: moderationActions, appeal: appeals })
        .from(moderationActions)
        .leftJoin(appeals, eq(appeals.actionId, moderationActions.id))
        .where(
          and(
            authorId === undefined ? undefined : eq(moderationActions.authorId, authorId),
            after === undefined ? undefined : sql`${moderationActions.id} < ${after}`,
          ),
        );
      const rows = await unwrapDriverError(read.orderBy(desc(moderationActions.id)).limit(limit));
      return rows.map(({ action, appeal }) => ({ ...action, appeal }));
    },
    /** The author's appeal against a removal or suspension. Throws 404 for another's, 409 for a second one, 422 where there is nothing to undo. */
    async appeal(authorId: number, actionId: number, content: string): Promise<void> {
      const read = db.select().from(moderationActions);
      const [action] = await unwrapDriverError(
        read.where(and(eq(moderationActions.id, actionId), eq(moderationActions.authorId, authorId))),
      );
      if (!action) throw new Problem("not-found", "Action not found.");
      if (!undo[action.action]) throw new Problem("unprocessable", "Only a removal or a suspension can be appealed.");
      const added = db.insert(appeals).values({ actionId, authorId, content }).onConflictDoNothing();
      const rows = await unwrapDriverError(added.returning({ actionId: appeals.actionId }));
      if (rows.length === 0) throw new Problem("conflict", "You have appealed against this already.");
    },
    /** A page of the appeals in a state with their actions, the oldest first. */
    async listAppeals(state: "open" | "granted" | "refused", limit: number, after: number | undefined) {
      const read = db
        .select({ action: moderationActions, appeal: appeals })
        .from(appeals)
        .innerJoin(moderationActions, eq(appeals.actionId, moderationActions.id))
        .where(and(eq(appeals.state, state), after === undefined ? undefined : sql`${appeals.actionId} > ${after}`));
      const rows = await unwrapDriverError(read.orderBy(appeals.actionId).limit(limit));
      return rows.map(({ action, appeal }) => ({ ...action, appeal }));
    },
    /** Decides an open appeal; one that is granted undoes the action, unless that was done already. */
    decide: (staff: number, actionId: number, state: "granted" | "refused", answer: string): Promise<void> =>
      unwrapDriverError(
        db.transaction(async (tx) => {
          const decided = tx
            .update(appeals)
            .set({ state, answer, decidedBy: staff, decidedAt: sql`now()` })
            .where(and(eq(appeals.actionId, actionId), eq(appeals.state, "open")));
          const [appeal] = await unwrapDriverError(decided.returning({ actionId: appeals.actionId }));
          if (!appeal) throw await whyUndecidable(tx, actionId);
          if (state === "refused") return;
          const read = tx.select().from(moderationActions).where(eq(moderationActions.id, actionId));
          const [action] = await unwrapDriverError(read);
          const kind = action && undo[action.action];
          if (!action || !kind) return;
          const { subject, subjectId } = action;
          const change =
            subject === "user" ? changeUser(tx, subjectId, kind) : changeText(tx, subject, subjectId, kind);
          const done = await change.catch(ignoreDone);
          if (done) await recordAction(tx, staff, `Appeal granted. ${answer}`.trim(), done);
        }),
      ),
  };
}

const undo: Partial<Record<ActionKind, ActionKind>> = { remove: "restore", suspend: "reinstate" };

/** What is as it should be already, or is gone, needs no change. */
function ignoreDone(error: unknown): undefined {
  if (!(error instanceof Problem && (error.code === "conflict" || error.code === "not-found"))) throw error;
}

async function whyUndecidable(tx: Transaction, actionId: number): Promise<Problem> {
  const read = tx.select({ state: appeals.state }).from(appeals).where(eq(appeals.actionId, actionId));
  const [appeal] = await unwrapDriverError(read);
  return appeal
    ? new Problem("conflict", `The appeal is ${appeal.state}.`)
    : new Problem("not-found", "Appeal not found.");
}

async function recordAction(tx: Transaction, staffId: number, reason: string, acted: Acted): Promise<ModerationAction> {
  const added = tx.insert(moderationActions).values({ staffId, reason, ...acted });
  const [action] = await unwrapDriverError(added.returning());
  if (undo[acted.action]) {
    await unwrapDriverError(
      tx
        .update(reports)
        .set({ state: "resolved", handledBy: staffId, handledAt: sql`now()`, outcome: reason })
        .where(
          and(eq(reports.subject, acted.subject), eq(reports.subjectId, acted.subjectId), eq(reports.state, "open")),
        ),
    );
  }
  return action!;
}

async function changeText(
  tx: Transaction,
  subject: "post" | "comment",
  id: number,
  action: ActionKind,
): Promise<Acted> {
  const isRemoval = action === "remove";
  const table = subject === "post" ? posts : comments;
  const change = tx
    .update(table)
    .set({ removedAt: isRemoval ? sql`now()` : null })
    .where(and(eq(table.id, id), isRemoval ? isNull(table.removedAt) : sql`${table.removedAt} is not null`));
  const author = subject === "post" ? posts.ownerId : comments.authorId;
  const [changed] = await unwrapDriverError(change.returning({ authorId: author }));
  if (changed) return { action, subject, subjectId: id, authorId: changed.authorId };
  const [found] = await unwrapDriverError(tx.select({ id: table.id }).from(table).where(eq(table.id, id)));
  if (!found) throw new Problem("not-found", subject === "post" ? "Post not found." : "Comment not found.");
  throw new Problem("conflict", isRemoval ? `The ${subject} is removed already.` : `The ${subject} is not removed.`);
}

async function changeUser(tx: Transaction, id: number, action: ActionKind): Promise<Acted> {
  const isSuspension = action === "suspend";
  const change = tx
    .update(profiles)
    .set({ suspendedAt: isSuspension ? sql`now()` : null })
    .where(
      and(eq(profiles.id, id), isSuspension ? isNull(profiles.suspendedAt) : sql`${profiles.suspendedAt} is not null`),
    );
  const [user] = await unwrapDriverError(change.returning({ id: profiles.id }));
  if (user) {
    const row = { viewerId: everybody, authorId: id, reason: hiddenReasons.suspended };
    const kept = and(eq(hidden.viewerId, everybody), eq(hidden.authorId, id), eq(hidden.reason, row.reason));
    await unwrapDriverError(
      isSuspension ? tx.insert(hidden).values(row).onConflictDoNothing() : tx.delete(hidden).where(kept),
    );
    return { action, subject: "user", subjectId: id, authorId: id };
  }
  const [found] = await unwrapDriverError(tx.select({ id: profiles.id }).from(profiles).where(eq(profiles.id, id)));
  if (!found) throw new Problem("not-found", "User not found.");
  throw new Problem("conflict", isSuspension ? "The user is suspended already." : "The user is not suspended.");
}
