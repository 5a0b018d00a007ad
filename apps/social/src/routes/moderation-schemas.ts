import { z } from "@hono/zod-openapi";
import { cursorParam, limitParam, wholeNumber } from "@quintet/http";
import { actionKinds, appealStates, reportReasons, reportStates, subjectKinds } from "../database/moderation-tables.ts";
import type { ActionView } from "../moderation/actions.ts";
import type { ReportView } from "../moderation/reports.ts";
import type { WordFilter } from "../moderation/word-filters.ts";
import { storableText, visibleText } from "./schemas.ts";

const id = (description: string) => z.number().int().min(1).openapi({ description, example: 7 });
const when = (description: string) => z.iso.datetime().openapi({ description });
const reason = visibleText(2000).openapi({
  description: "Why, in words that the author is shown: 1 to 2,000 characters",
  example: "Advertising",
});
const page = { limit: limitParam(20), cursor: cursorParam };
const nextCursor = z.string().nullable().openapi({ description: "Cursor of the next page; null on the last one" });

export const reportInput = z
  .strictObject({
    postId: id("Id of the post").optional(),
    commentId: id("Id of the comment").optional(),
    userId: id("Id of the user").optional(),
    reason: z.enum(reportReasons).openapi({ description: "What is wrong with it" }),
    note: storableText(z.string().max(2000)).default("").openapi({ description: "In words, up to 2,000 characters" }),
  })
  .refine(
    ({ postId, commentId, userId }) => [postId, commentId, userId].filter((one) => one !== undefined).length === 1,
    {
      error: "must be a post, a comment or a user: one of postId, commentId and userId",
      path: ["postId"],
    },
  )
  .openapi("ReportInput", { description: "A post, a comment or a user to report" });

export const actionInput = z
  .strictObject({ reason })
  .openapi("ModerationInput", { description: "Why something is done" });

export const handleInput = z
  .strictObject({
    state: z.enum(reportStates).openapi({ description: "The state after it" }),
    outcome: storableText(z.string().max(2000))
      .default("")
      .openapi({ description: "What was found, up to 2,000 characters" }),
  })
  .openapi("ReportChange", { description: "What became of a report" });

export const appealInput = z
  .strictObject({
    actionId: id("Id of the action"),
    content: visibleText(2000).openapi({
      description: "Why it was wrong: 1 to 2,000 characters",
      example: "It was a quote.",
    }),
  })
  .openapi("AppealInput", { description: "An appeal against an action" });

export const decisionInput = z
  .strictObject({
    decision: z.enum(["granted", "refused"]).openapi({ description: "`granted` undoes the action" }),
    answer: storableText(z.string().max(2000)).default("").openapi({ description: "An answer to the author" }),
  })
  .openapi("AppealDecision", { description: "The decision about an appeal" });

export const wordFilterInput = z
  .strictObject({
    phrase: visibleText(100).openapi({
      description: "A word or a phrase, without regard to case, accents and what is between words: 1 to 100 characters",
      example: "cheap pills",
    }),
    action: z
      .enum(["refuse", "report"])
      .openapi({ description: "`refuse` is a 422 for its writer; `report` tells staff" }),
  })
  .openapi("WordFilterInput", { description: "A word filter to add" });

export const reportsQuery = z.strictObject({
  state: z.enum(reportStates).default("open").openapi({ description: "The state of the reports; open by default" }),
  ...page,
});
export const appealsQuery = z.strictObject({
  state: z.enum(appealStates).default("open").openapi({ description: "The state of the appeals; open by default" }),
  ...page,
});
export const actionsQuery = z.strictObject({
  userId: wholeNumber(1, 999_999_999_999_999).optional().openapi({ description: "Id of an author; all by default" }),
  ...page,
});
export const ownActionsQuery = z.strictObject(page);

const subject = {
  subject: z.enum(subjectKinds).openapi({ description: "What it is about" }),
  subjectId: id("Id of the post, the comment or the user"),
  authorId: id("Id of the user who wrote it, or who it is"),
};

export const reportSchema = z
  .object({
    id: id("Id of the report"),
    ...subject,
    reason: z.enum(reportReasons).openapi({ description: "What is wrong with it" }),
    note: z.string().openapi({ description: "The reporter's words" }),
    state: z.enum(reportStates).openapi({ description: "Whether it was handled" }),
    createdAt: when("When it was reported"),
  })
  .openapi("Report", { description: "A report as its reporter sees it" });

export const staffReportSchema = reportSchema
  .extend({
    reporterId: id("Id of the reporter")
      .nullable()
      .openapi({ description: "Id of the reporter; null for a word filter" }),
    said: z.string().openapi({ description: "What the subject said when it was reported" }),
    openReports: z.number().int().openapi({ description: "Number of open reports of the subject" }),
    handledBy: id("Id of who handled it").nullable(),
    handledAt: when("When it was handled").nullable(),
    outcome: z.string().openapi({ description: "What was found" }),
  })
  .openapi("StaffReport", { description: "A report as staff sees it" });

export const reportListSchema = z
  .object({ reports: z.array(staffReportSchema).openapi({ description: "The reports" }), nextCursor })
  .openapi("ReportList", { description: "A page of reports" });

const appealSchema = z
  .object({
    content: z.string().openapi({ description: "The author's words" }),
    state: z.enum(appealStates).openapi({ description: "Whether it was decided" }),
    createdAt: when("When the author appealed"),
    decidedAt: when("When it was decided").nullable(),
    answer: z.string().openapi({ description: "The answer of staff" }),
  })
  .openapi("Appeal", { description: "An appeal against an action" });

export const actionSchema = z
  .object({
    id: id("Id of the action"),
    action: z.enum(actionKinds).openapi({ description: "What was done" }),
    ...subject,
    reason: z.string().openapi({ description: "Why" }),
    createdAt: when("When it was done"),
    appeal: z.union([appealSchema, z.null()]).openapi({ description: "The author's appeal, if any" }),
  })
  .openapi("ModerationAction", { description: "What staff did" });

export const staffActionSchema = actionSchema
  .extend({ staffId: id("Id of who did it") })
  .openapi("StaffModerationAction", { description: "What staff did, and who" });

export const actionListSchema = z
  .object({ actions: z.array(actionSchema).openapi({ description: "The actions, the latest first" }), nextCursor })
  .openapi("ModerationActionList", { description: "A page of actions about the caller" });

export const staffActionListSchema = z
  .object({ actions: z.array(staffActionSchema).openapi({ description: "The actions" }), nextCursor })
  .openapi("StaffModerationActionList", { description: "A page of actions" });

export const wordFilterSchema = z
  .object({
    id: id("Id of the filter"),
    phrase: z.string().openapi({ description: "The word or phrase" }),
    action: z.enum(["refuse", "report"]).openapi({ description: "What it does" }),
    createdAt: when("When it was added"),
  })
  .openapi("WordFilter", { description: "A word filter" });

export const wordFilterListSchema = z
  .object({ filters: z.array(wordFilterSchema).openapi({ description: "All filters, by their words" }) })
  .openapi("WordFilterList", { description: "The word filters" });

export function toReportResponse(report: Omit<ReportView, "openReports">): z.infer<typeof reportSchema> {
  const { id, subject, subjectId, authorId, reason, note, state, createdAt } = report;
  return { id, subject, subjectId, authorId, reason, note, state, createdAt: createdAt.toISOString() };
}

export function toStaffReport(report: ReportView): z.infer<typeof staffReportSchema> {
  const { reporterId, said, openReports, handledBy, handledAt, outcome } = report;
  const handled = { handledBy, handledAt: handledAt?.toISOString() ?? null, outcome };
  return { ...toReportResponse(report), reporterId, said, openReports, ...handled };
}

export function toActionResponse(found: Omit<ActionView, "staffId">): z.infer<typeof actionSchema> {
  const { id, action, subject, subjectId, authorId, reason, createdAt, appeal } = found;
  return {
    ...{ id, action, subject, subjectId, authorId, reason, createdAt: createdAt.toISOString() },
    appeal: appeal && {
      ...{ content: appeal.content, state: appeal.state, createdAt: appeal.createdAt.toISOString() },
      ...{ decidedAt: appeal.decidedAt?.toISOString() ?? null, answer: appeal.answer },
    },
  };
}

export function toStaffAction(found: ActionView): z.infer<typeof staffActionSchema> {
  return { ...toActionResponse(found), staffId: found.staffId };
}

export function toWordFilterResponse({ id, phrase, action, createdAt }: WordFilter): z.infer<typeof wordFilterSchema> {
  return { id, phrase, action, createdAt: createdAt.toISOString() };
}
