import { z } from "zod";

/** An entry about an action of staff: that it began, stored before it happens, or how it ended. */
export const auditEntrySchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("begun"),
    /** A UUID; an entry that arrives twice is stored once. */
    eventId: z.string().length(36),
    /** ISO 8601, UTC. */
    at: z.iso.datetime(),
    actorId: z.number(),
    method: z.string().max(16),
    /** The route, such as `/queue/queues/:name`. */
    route: z.string().max(255),
    path: z.string().max(500),
    address: z.string().max(64).nullable(),
    requestId: z.string().max(128).nullable(),
  }),
  z.object({
    kind: z.literal("ended"),
    eventId: z.string().length(36),
    at: z.iso.datetime(),
    /** The HTTP status. */
    status: z.number(),
  }),
]);

export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** Stores an entry; resolves once it is persistent. */
export type KeepEntry = (entry: AuditEntry) => Promise<void>;
