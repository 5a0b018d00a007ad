import { decodeCursor, encodeCursor, Problem } from "@quintet/http";
import { z } from "zod";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { hiddenReasons } from "../database/schema.ts";
import { maxCounted, type PersonView, peopleLoader } from "../users/people-queries.ts";
import type { Profiles } from "../users/profiles.ts";
import {
  findTarget,
  lockPeople,
  type RelationRange,
  relationListQueries,
  relationQueries,
} from "./relation-queries.ts";

interface Caller {
  id: number;
  email: string;
}

/** The max number of people whom an account follows; a home feed reads no more. */
export const maxFollows = maxCounted;
/** The max number of people whom an account blocks, and whom it mutes. */
export const maxHidden = 5000;

const userNotFound = () => new Problem("not-found", "User not found.");

/**
 * Follows, blocks and mutes. Each call has the same result when it is repeated. Throws 404 for a person whom the caller may not see, 422
 * for oneself, and 409 for a follow of somebody whom the caller blocks and where the caller has reached the limit.
 */
export function createRelations(db: Database, profiles: Profiles) {
  const change = async (
    caller: Caller,
    id: number,
    locked: number[],
    work: (queries: ReturnType<typeof relationQueries>, tx: Transaction) => Promise<void>,
  ): Promise<void> => {
    if (id === caller.id) {
      const message = "must be another user";
      throw new Problem("unprocessable", `id: ${message}`, { errors: [{ path: "id", message }] });
    }
    await profiles.ensure(caller);
    await unwrapDriverError(
      db.transaction(async (tx) => {
        await lockPeople(tx, locked);
        await work(relationQueries(tx), tx);
      }),
    );
  };
  const requireRoom = (count: number, max: number, what: string) => {
    if (count < max) return;
    throw new Problem("conflict", `You ${what} ${max} people, and nobody can ${what} more.`);
  };

  return {
    follow: (caller: Caller, id: number) =>
      change(caller, id, [caller.id], async (queries, tx) => {
        const target = await findTarget(tx, caller.id, id);
        if (!target?.isVisible) throw userNotFound();
        if (target.isBlocked) throw new Problem("conflict", "You block this user: unblock before you follow.");
        requireRoom(await queries.countFollows(caller.id, id, maxFollows), maxFollows, "follow");
        await queries.follow(caller.id, id);
      }),
    unfollow: (caller: Caller, id: number) =>
      change(caller, id, [caller.id], (queries) => queries.unfollow(caller.id, id)),
    /** Also possible for somebody who blocks the caller, and then remains when that ends. */
    block: (caller: Caller, id: number) =>
      change(caller, id, [caller.id, id], async (queries, tx) => {
        if (!(await findTarget(tx, caller.id, id))) throw userNotFound();
        requireRoom(await queries.countHidden(caller.id, hiddenReasons.blocked, id, maxHidden), maxHidden, "block");
        await queries.block(caller.id, id);
      }),
    unblock: (caller: Caller, id: number) =>
      change(caller, id, [caller.id, id], (queries) => queries.unblock(caller.id, id)),
    mute: (caller: Caller, id: number) =>
      change(caller, id, [caller.id], async (queries, tx) => {
        if (!(await findTarget(tx, caller.id, id))?.isVisible) throw userNotFound();
        requireRoom(await queries.countHidden(caller.id, hiddenReasons.muted, id, maxHidden), maxHidden, "mute");
        await queries.mute(caller.id, id);
      }),
    unmute: (caller: Caller, id: number) => change(caller, id, [caller.id], (queries) => queries.unmute(caller.id, id)),
  };
}

/** Which list of people it is. */
export type RelationList = keyof ReturnType<typeof relationListQueries>;

export interface PeoplePage {
  people: PersonView[];
  /** The cursor of the next page; null on the last. */
  nextCursor: string | null;
}

/** How many rows are examined for one page: those whom the viewer does not see take up room, so that a page may be short. */
const maxExamined = 400;

/** The list, whose it is, and the time (ms since 1970) and id of the last row that was examined. */
const positionSchema = z.tuple([z.string(), z.number(), z.number(), z.number()]);

/** Lists whom a person follows or is followed by, and the caller's own blocks and mutes, newest first. */
export function createRelationLists(db: Database, cursorKey: Buffer) {
  const lists = relationListQueries(db);
  const load = peopleLoader(db);
  return async (
    list: RelationList,
    of: number,
    viewer: number,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<PeoplePage> => {
    const position = decodeCursor(
      cursorKey,
      page.cursor,
      positionSchema.refine(([name, id]) => name === list && id === of),
    );
    const after = position && { at: new Date(position[2]), id: position[3] };
    const range: RelationRange = { of, viewer, after, limit: maxExamined };
    const examined = await lists[list](range);
    const visible = examined.filter(({ isVisible }) => isVisible);
    const onPage = visible.slice(0, page.limit);
    const ids = onPage.map(({ id }) => id);
    const isOwnChoice = list === "blocks" || list === "mutes";
    const people = await (isOwnChoice ? load.chosen(ids, viewer) : load.listed(ids, viewer));
    const isFull = visible.length > page.limit;
    const last = isFull ? onPage.at(-1) : examined.length === maxExamined ? examined.at(-1) : undefined;
    const nextCursor = last ? encodeCursor(cursorKey, [list, of, last.at.getTime(), last.id]) : null;
    return { people, nextCursor };
  };
}
