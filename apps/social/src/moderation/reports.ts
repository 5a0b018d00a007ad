import { type KeyedRequest, Problem } from "@quintet/http";
import type { SQL } from "drizzle-orm";
import { commentLoader } from "../comments/comment-views.ts";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, desc, eq, getTableColumns, sql } from "../database/drizzle.ts";
import { type reportReasons, type reportStates, reports } from "../database/moderation-tables.ts";
import { runOncePerKey } from "../database/processed-requests.ts";
import { posts, profiles } from "../database/schema.ts";
import { visibleTo } from "../posts/visible-posts.ts";
import { notHidden } from "../visibility/not-hidden.ts";
import type { AdmitWrite, Said } from "./write-rules.ts";

export type Report = typeof reports.$inferSelect;
export type ReportState = (typeof reportStates)[number];

/** What is reported: one of them. */
export type Subject = { postId: number } | { commentId: number } | { userId: number };

/** A report as staff sees it. */
export interface ReportView extends Report {
  /** How many open reports there are of its subject. */
  openReports: number;
}

interface Reporter {
  id: number;
  createdAt: string;
}

/** Takes reports, and lists and handles them. */
export function createReports(db: Database, admit: AdmitWrite) {
  return {
    /**
     * Reports something that the reporter can see, once for a keyed request. Throws 404 for what he cannot see, 409 when he has an open
     * report of it, 422 for his own.
     */
    create(
      reporter: Reporter,
      subject: Subject,
      { reason, note }: { reason: (typeof reportReasons)[number]; note: string },
      request?: KeyedRequest,
    ): Promise<Report> {
      return runOncePerKey(db, request, async (on) => {
        const said = await readSubject(on, subject, reporter.id);
        if (!said) throw new Problem("not-found", "What is reported was not found.");
        if (said.authorId === reporter.id) throw new Problem("unprocessable", "Nobody can report himself.");
        await admit(on, reporter, { kind: "report", texts: {} });
        const added = on.insert(reports).values({ ...said, reporterId: reporter.id, reason, note });
        const [report] = await unwrapDriverError(added.onConflictDoNothing().returning());
        if (!report) throw new Problem("conflict", "You have reported this already; staff will look at it.");
        return report;
      });
    },
    /** A page of the reports in a state, the oldest first; of those that were handled the latest first. */
    list(state: ReportState, limit: number, after: number | undefined): Promise<ReportView[]> {
      const isOpen = state === "open";
      const beyond =
        after === undefined ? undefined : isOpen ? sql`${reports.id} > ${after}` : sql`${reports.id} < ${after}`;
      const page = selectReports(db, and(eq(reports.state, state), beyond));
      return unwrapDriverError(page.orderBy(isOpen ? sql`${reports.id}` : desc(reports.id)).limit(limit));
    },
    async get(id: number): Promise<ReportView> {
      const [report] = await unwrapDriverError(selectReports(db, eq(reports.id, id)));
      if (!report) throw new Problem("not-found", "Report not found.");
      return report;
    },
    /** Sets the state of a report; a handled one can be opened again, unless another of its reporter and subject is open. */
    async handle(id: number, staff: number, state: ReportState, outcome: string): Promise<void> {
      const handled =
        state === "open" ? { handledBy: null, handledAt: null } : { handledBy: staff, handledAt: sql`now()` };
      const other = sql`exists (select from ${reports} other where ${isOpenToo} and other.id <> ${id}
        and other.reporter_id is not distinct from ${reports.reporterId})`;
      const changed = db.update(reports).set({ state, outcome, ...handled });
      const may = state === "open" ? sql`not ${other}` : undefined;
      const rows = await unwrapDriverError(changed.where(and(eq(reports.id, id), may)).returning({ id: reports.id }));
      if (rows.length > 0) return;
      await this.get(id);
      throw new Problem("conflict", "Another report of this is open.");
    },
  };
}

/**
 * Matches open reports, as `other`, of the subject of a report. To be a part of a larger condition: in what is selected itself, Drizzle names no
 * table before a column, and the subject would be the other's own.
 */
const isOpenToo = sql`other.state = 'open' and (other.subject, other.subject_id) = (${reports.subject}, ${reports.subjectId})`;

function selectReports(db: Database, condition: SQL | undefined) {
  const openReports = sql<number>`(select count(*)::int from ${reports} other where ${isOpenToo})`;
  return db
    .select({ ...getTableColumns(reports), openReports })
    .from(reports)
    .where(condition)
    .$dynamic();
}

/** What the reporter sees of a subject; `undefined` when that is nothing. */
async function readSubject(on: Database | Transaction, subject: Subject, viewer: number): Promise<Said | undefined> {
  if ("postId" in subject) {
    const read = on.select({ authorId: posts.ownerId, title: posts.title, content: posts.content }).from(posts);
    const [post] = await unwrapDriverError(read.where(and(eq(posts.id, subject.postId), visibleTo(viewer))));
    return (
      post && {
        subject: "post",
        subjectId: subject.postId,
        authorId: post.authorId,
        said: `${post.title}\n\n${post.content}`,
      }
    );
  }
  if ("commentId" in subject) {
    const found = await commentLoader(on)(subject.commentId, viewer);
    if (!found || found.comment.authorId === null) return undefined;
    const { authorId, content } = found.comment;
    return { subject: "comment", subjectId: subject.commentId, authorId, said: content };
  }
  const { displayName, bio, handle } = profiles;
  const read = on.select({ displayName, bio, handle }).from(profiles);
  const [user] = await unwrapDriverError(
    read.where(and(eq(profiles.id, subject.userId), notHidden(viewer, profiles.id))),
  );
  const said = user && [user.handle, user.displayName, user.bio].filter(Boolean).join("\n");
  return user && { subject: "user", subjectId: subject.userId, authorId: subject.userId, said: said ?? "" };
}
