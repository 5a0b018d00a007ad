import { bigint, check, index, integer, primaryKey, sql, text, timestamp, uniqueIndex } from "./drizzle.ts";
import { profiles, social } from "./schema.ts";

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const id = bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity();
const idOf = (name: string) => bigint(name, { mode: "number" });
const profileId = (name: string) => idOf(name).references(() => profiles.id);

/** What can be reported and acted upon. */
export const subjectKinds = ["post", "comment", "user"] as const;
export const reportReasons = ["spam", "abuse", "violence", "illegal", "other"] as const;
export const reportStates = ["open", "resolved", "dismissed"] as const;
export const actionKinds = ["remove", "restore", "suspend", "reinstate"] as const;
export const appealStates = ["open", "granted", "refused"] as const;

/**
 * What people, or a word filter (no reporter), report to staff. `said` is what the subject said at that moment, which stays when its author
 * changes or deletes it; so there is no foreign key for the subject. One open report for each reporter and subject.
 */
export const reports = social.table(
  "reports",
  {
    id,
    reporterId: profileId("reporter_id"),
    subject: text({ enum: subjectKinds }).notNull(),
    subjectId: idOf("subject_id").notNull(),
    authorId: profileId("author_id").notNull(),
    reason: text({ enum: reportReasons }).notNull(),
    note: text().notNull().default(""),
    said: text().notNull(),
    state: text({ enum: reportStates }).notNull().default("open"),
    createdAt: time("created_at").notNull().defaultNow(),
    handledBy: profileId("handled_by"),
    handledAt: time("handled_at"),
    outcome: text().notNull().default(""),
  },
  (report) => [
    uniqueIndex("reports_open_once")
      .on(report.subject, report.subjectId, sql`coalesce(${report.reporterId}, 0)`)
      .where(sql`${report.state} = 'open'`),
    index("reports_by_state").on(report.state, report.id),
    index("reports_of_reporter").on(report.reporterId, report.id),
  ],
);

/** What staff did, and why: shown to the author, who may appeal once. Never changed afterwards. */
export const moderationActions = social.table(
  "moderation_actions",
  {
    id,
    staffId: profileId("staff_id").notNull(),
    action: text({ enum: actionKinds }).notNull(),
    subject: text({ enum: subjectKinds }).notNull(),
    subjectId: idOf("subject_id").notNull(),
    authorId: profileId("author_id").notNull(),
    reason: text().notNull(),
    createdAt: time("created_at").notNull().defaultNow(),
  },
  (action) => [
    index("moderation_actions_of_author").on(action.authorId, action.id),
    index("moderation_actions_of_subject").on(action.subject, action.subjectId, action.id),
  ],
);

/** An author's appeal against an action. */
export const appeals = social.table(
  "appeals",
  {
    actionId: idOf("action_id")
      .primaryKey()
      .references(() => moderationActions.id),
    authorId: profileId("author_id").notNull(),
    content: text().notNull(),
    state: text({ enum: appealStates }).notNull().default("open"),
    createdAt: time("created_at").notNull().defaultNow(),
    decidedBy: profileId("decided_by"),
    decidedAt: time("decided_at"),
    answer: text().notNull().default(""),
  },
  (appeal) => [
    index("appeals_by_state").on(appeal.state, appeal.actionId),
    index("appeals_of_author").on(appeal.authorId, appeal.actionId),
  ],
);

/** Words and phrases that nobody may write, or that are reported to staff. `key` is the phrase as texts are compared with it. */
export const wordFilters = social.table("word_filters", {
  id,
  phrase: text().notNull(),
  key: text().notNull().unique("word_filters_key"),
  action: text({ enum: ["refuse", "report"] }).notNull(),
  createdBy: profileId("created_by").notNull(),
  createdAt: time("created_at").notNull().defaultNow(),
});

/** How many writes of a kind an account has made in an hour. */
export const writeCounts = social.table(
  "write_counts",
  {
    profileId: profileId("profile_id").notNull(),
    kind: text({ enum: ["post", "comment", "report"] }).notNull(),
    hour: timestamp({ withTimezone: true }).notNull(),
    used: integer().notNull().default(1),
  },
  (count) => [
    primaryKey({ columns: [count.profileId, count.kind, count.hour] }),
    index("write_counts_by_hour").on(count.hour),
    check("write_counts_positive", sql`${count.used} > 0`),
  ],
);
