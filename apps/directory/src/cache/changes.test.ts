import { describe, expect, it } from "vitest";
import { affects, type CacheScope, type UserChange } from "./changes.ts";

const smith = { last: "smith", first: "ana" };
const lund = { last: "lund", first: "ana" };
const change = (fields: Partial<UserChange>) => ({
  xid: 1,
  effect: { userId: 7, before: smith, after: smith, renamed: false, bioChanged: false, ...fields },
});
/** A page of the list of everybody, from one last name to another. */
const spanning = (from: string, to: string): CacheScope => ({
  words: [],
  span: { from: { last: from, first: "ana", id: 7 }, to: { last: to, first: "ana", id: 7 } },
  shows: [1],
  inFull: false,
});
const list = (words: string[], shows: number[] = []): CacheScope => ({ words, shows, inFull: false });

describe("a write", () => {
  const created = change({ before: undefined, renamed: true });
  const deleted = change({ after: undefined, renamed: true });
  const renamed = change({ after: lund, renamed: true });
  const newBio = change({ bioChanged: true });
  const newEmail = change({});

  it.each([
    ["who was created, a search that finds them", created, list(["smi"]), true],
    ["who was created, a search by both names", created, list(["an", "ith"]), true],
    ["who was created, a search for somebody else", created, list(["smi", "zoe"]), false],
    ["who was created, the list of everybody", created, list([]), true],
    ["who was deleted, a search that found them", deleted, list(["smi"]), true],
    ["who was deleted, a search that did not", deleted, list(["lund"]), false],
    ["who was renamed, a search by the old name", renamed, list(["smi"]), true],
    ["who was renamed, a search by the new name", renamed, list(["lund"]), true],
    ["who was renamed, a search by another", renamed, list(["smithe"]), false],
    ["who was renamed across the page", renamed, spanning("mueller", "nagel"), true],
    ["who was renamed behind the page", renamed, spanning("adams", "baker"), false],
    ["who was renamed before the page", renamed, spanning("tanner", "zorn"), false],
    ["who was renamed to the page's last place", renamed, spanning("adams", "lund"), true],
    ["who was renamed from the page's first place", renamed, spanning("smith", "zorn"), true],
    ["who was respelled behind the page", change({ renamed: true }), spanning("adams", "lund"), false],
    ["who was created before a page", created, spanning("tanner", "zorn"), true],
    ["who was deleted behind a page", deleted, spanning("adams", "baker"), true],
    ["whose bio changed, a page with them", newBio, list(["smi"], [6, 7]), true],
    ["whose bio changed, another page of the same search", newBio, list(["smi"], [6]), false],
    ["whose email changed, a page with them for the public", newEmail, list(["smi"], [7]), false],
    ["whose email changed, a page with them for accounts", newEmail, { ...list(["smi"], [7]), inFull: true }, true],
    ["whose email changed, their own page", newEmail, { shows: [7], inFull: true }, true],
    ["who was renamed, the page of another", renamed, { shows: [8], inFull: true }, false],
  ])("of one %s", (_, what, scope, touched) => {
    expect(affects(what, scope)).toBe(touched);
  });

  it("of everything affects everything", () => {
    expect(affects({ xid: 1, effect: "anything" }, { shows: [], inFull: false })).toBe(true);
  });
});
