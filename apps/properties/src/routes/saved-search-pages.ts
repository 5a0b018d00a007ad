import type { OpenAPIHono } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import { decodeCursor, encodeCursor, type ServiceEnv } from "@quintet/http";
import { addPageAction, type FormField, nextPage, type PageAction, type PageFrame, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { home, savedSearchesPath, saveSearchPath } from "../pages/frame.ts";
import { searchAddress } from "../pages/page-query.ts";
import { savedSearchesPage } from "../pages/saved-search-pages.ts";
import { pageSort } from "../pages/search-form.ts";
import {
  changeSearch,
  countNew,
  pageOfSearches,
  readSearchOf,
  readTime,
  removeSearch,
  saveSearch,
  searchOf,
} from "../saved-searches/saved-searches.ts";
import { validForm } from "./property-input.ts";
import {
  newSearchSchema,
  readSearch,
  savedSearchParam,
  searchChangesSchema,
  searchesPosition,
} from "./saved-search-schemas.ts";

const listInput = z.strictObject({ cursor: z.string().max(500).optional() });
const searchesPerPage = 24;

/** Sends the saved searches as a page; undefined for a query that is not one of the page. */
export async function sendSavedSearchesPage(
  c: Context<AccountEnv>,
  { db, cursorKey, savedSearches }: Pick<Deps, "db" | "cursorKey" | "savedSearches">,
  frame: PageFrame,
): Promise<Response | undefined> {
  const input = listInput.safeParse(c.req.query());
  if (!input.success) return undefined;
  const { cursor } = input.data;
  const before = decodeCursor(cursorKey, cursor, searchesPosition)?.[1];
  const { searches, end } = await pageOfSearches(db, c.var.account.id, { before, limit: searchesPerPage });
  const results = await countNew(db, savedSearches.toWatch, searches);
  const listed = searches.map((search) => {
    const read = readSearch(search.query);
    return { ...search, results: results.get(search.id), faults: "faults" in read ? read.faults : [] };
  });
  const next = nextPage(c, end === undefined ? null : encodeCursor(cursorKey, ["searches", end]));
  const links = { first: cursor === undefined ? undefined : savedSearchesPath, next };
  const body = savedSearchesPage(listed, links, savedSearches.notifies);
  return sendPage(c, frame, { title: "Saved searches", body });
}

/** Sends a browser from a saved search to its results on the page of searches; undefined when the path has no id. */
export async function toSearchOnPage(
  c: Context<AccountEnv>,
  { db }: Pick<Deps, "db">,
  onlyNew: boolean,
): Promise<Response | undefined> {
  const params = savedSearchParam.safeParse(c.req.param());
  if (!params.success) return undefined;
  const { query, lookedAt } = await readSearchOf(db, { account: c.var.account.id, id: params.data.id });
  const since = onlyNew && c.req.query("new") === "true" ? lookedAt : undefined;
  return c.redirect(addressOf(query, since), 303);
}

/** The page of a search, with `since` only of what became visible at that moment or later. */
function addressOf(query: string, since?: Date): string {
  const parameters = new URLSearchParams(query);
  if (since && !(new Date(parameters.get("newSince") ?? 0) > since)) parameters.set("newSince", since.toISOString());
  return searchAddress(parameters);
}

const nameField: FormField = { name: "name", label: "Name" };
const saveFields: FormField[] = [
  nameField,
  { name: "search", label: "Search", optional: true, hint: "The part after ? of the address of a search" },
  {
    name: "notify",
    label: "Messages",
    options: [
      ["", "No messages"],
      ["yes", "A message when a property newly matches"],
    ],
  },
];

/** Adds the forms by which an account saves, changes and deletes its searches. */
export function addSavedSearchActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const { db } = deps;
  const guard = guards(deps.auth);
  const section = {
    ...{ frame, tag: "properties pages" },
    guards: {
      page: guard.account("properties:like"),
      form: guard.account("properties:like", csrfProtection(deps.auth)),
    },
  };
  const owned = (c: Context<AccountEnv>, { id }: { id: number }) => ({ account: c.var.account.id, id });
  const add = (action: Omit<PageAction<typeof savedSearchParam, AccountEnv>, "params" | "back">) =>
    addPageAction(app, section, {
      ...action,
      params: savedSearchParam,
      back: () => ({ label: "Saved searches", href: savedSearchesPath }),
    });
  const nameOf = async (c: Context<AccountEnv>, of: { id: number }) => (await readSearchOf(db, owned(c, of))).name;

  addPageAction<z.ZodObject, AccountEnv>(app, section, {
    path: saveSearchPath.slice(home.length),
    params: z.strictObject({}),
    summary: "Save a search",
    description: "Redirects to the saved searches.",
    fields: saveFields,
    title: () => "Save a search",
    label: "Save",
    back: () => ({ label: "Search", href: home }),
    async run(c, _, { notify, ...texts }) {
      const { name, search } = validForm(newSearchSchema, texts);
      const sorted = new URLSearchParams(search);
      // The page has an order of its own.
      if (!sorted.has("sort")) sorted.set("sort", pageSort);
      const query = sorted.toString();
      searchOf(query, readSearch);
      const draft = { name, query, notify: notify === "yes" };
      await saveSearch(db, c.var.account.id, { draft, max: deps.savedSearches.max });
      return { to: savedSearchesPath, notice: "saved" };
    },
  });
  add({
    path: "/searches/{id}/actions/look",
    summary: "Look at what is new of a saved search",
    description: "Redirects to the new results; from then on they are not new any more.",
    title: () => "Show the new properties?",
    text: (of, c) => nameOf(c, of),
    label: "Show",
    async run(c, of) {
      const { query, lookedAt } = await readSearchOf(db, owned(c, of));
      await changeSearch(db, owned(c, of), { lookedAt: await readTime(db) });
      return { to: addressOf(query, lookedAt) };
    },
  });
  const setNotify = (name: "notify" | "mute", title: string, label: string) =>
    add({
      path: `/searches/{id}/actions/${name}`,
      summary: title,
      description: "Redirects to the saved searches.",
      title: () => `${title}?`,
      text: (of, c) => nameOf(c, of),
      label,
      async run(c, of) {
        await changeSearch(db, owned(c, of), { notify: name === "notify" });
        return { to: savedSearchesPath, notice: "saved" };
      },
    });
  setNotify("notify", "Send messages about a saved search", "Send messages");
  setNotify("mute", "Send no messages about a saved search", "No messages");
  add({
    path: "/searches/{id}/actions/rename",
    summary: "Rename a saved search",
    description: "Redirects to the saved searches.",
    fields: [nameField],
    title: () => "Rename a saved search",
    texts: async (c, of) => ({ name: await nameOf(c, of) }),
    label: "Save",
    async run(c, of, { name }) {
      await changeSearch(db, owned(c, of), { name: validForm(searchChangesSchema, { name }).name });
      return { to: savedSearchesPath, notice: "saved" };
    },
  });
  add({
    path: "/searches/{id}/actions/delete",
    summary: "Delete a saved search",
    description: "Redirects to the saved searches.",
    title: () => "Delete this saved search?",
    text: (of, c) => nameOf(c, of),
    label: "Delete",
    danger: true,
    async run(c, of) {
      await removeSearch(db, owned(c, of));
      return { to: savedSearchesPath, notice: "deleted" };
    },
  });
}
