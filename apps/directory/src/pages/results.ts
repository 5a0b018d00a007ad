import type { Html } from "@quintet/pages";
import { html } from "hono/html";
import type { UserList, UserView } from "../search/user-list.ts";
import { home } from "./frame.ts";
import { pageNumbers } from "./page-numbers.ts";
import { counted, searchForm } from "./search-form.ts";

export interface ResultsShown {
  name: string;
  limit: number;
  /** The page's number; undefined when it was reached by a cursor. */
  page: number | undefined;
  list: UserList;
}

/** The search field, how many were found, the table, and the way to further pages. */
export function resultsPage({ name, limit, page, list }: ResultsShown): Html {
  return html`<h1>Search</h1>
      ${searchForm(name, { live: true })}
      <p role="status" data-live-part="status">${summary(name, list)}</p>
      <div data-live-part="results">
        ${list.users.length > 0 ? table(list.users) : ""}
        ${page === undefined ? cursorLinks(name, limit, list) : numberLinks(name, limit, page, list)}
      </div>`;
}

function summary(name: string, { users, total, totalIsExact }: UserList): Html {
  const people = total === 1 ? "person" : "people";
  if (name.trim() === "") return html`${counted(total)} ${people}`;
  if (total === 0 && users.length === 0) return html`No person matches “${name}”.`;
  const number = totalIsExact ? counted(total) : `About ${counted(Number(total.toPrecision(3)))}`;
  return html`${number} ${people} found for “${name}”`;
}

function table(users: UserView[]): Html {
  const withEmail = users.some((user) => user.email !== undefined);
  return html`<div class="table">
          <table>
            <caption class="hidden">People, by last name</caption>
            <thead>
              <tr><th scope="col">Last name</th><th scope="col">First name</th>${withEmail ? html`<th scope="col">Email</th>` : ""}<th scope="col">About</th></tr>
            </thead>
            <tbody>
              ${users.map(
                (user) =>
                  html`<tr><th scope="row"><a href="${home}/users/${user.id}">${user.lastName}</a></th><td>${user.firstName}</td>${withEmail ? html`<td>${user.email}</td>` : ""}<td>${user.bio}</td></tr>
              `,
              )}
            </tbody>
          </table>
        </div>`;
}

function numberLinks(name: string, limit: number, page: number, list: UserList): Html {
  // Where the total is an estimate, nobody knows which page is the last.
  const pages = Math.max(1, Math.ceil(list.total / limit));
  const known = list.totalIsExact ? pages : Math.min(pages, page + pagesAhead);
  const last =
    list.nextCursor === null && list.users.length > 0 ? page : Math.max(known, list.users.length > 0 ? page + 1 : 1);
  const size = limit === defaultLimit ? "" : `&limit=${limit}`;
  const path = size === "" ? `${home}/search` : `${home}/users`;
  const parameter = size === "" ? "page_num" : "page";
  const href = (to: number) => `${path}?name=${encodeURIComponent(name)}&${parameter}=${to}${size}`;
  const beyond = list.users.length === 0 && page > 1;
  const end =
    list.prevCursor === null ? "" : html` or <a href="${cursorLink(name, limit, list.prevCursor)}">to the last one</a>`;
  return html`${beyond ? html`<p>There is no page ${counted(page)}. <a href="${href(1)}">Go to the first one</a>${end}.</p>` : ""}
        ${beyond ? "" : pageNumbers(page, last, href)}`;
}

function cursorLinks(name: string, limit: number, { prevCursor, nextCursor }: UserList): Html {
  const link = (label: string, cursor: string | null) => {
    if (cursor === null) return "";
    return html`<li><a href="${cursorLink(name, limit, cursor)}">${label}</a></li>`;
  };
  return html`<nav class="pages" aria-label="Pages of results"><ul>${link("Previous", prevCursor)}${link("Next", nextCursor)}</ul></nav>`;
}

function cursorLink(name: string, limit: number, cursor: string): string {
  return `${home}/users?${new URLSearchParams({ name, limit: String(limit), cursor }).toString()}`;
}

/** How many further pages are linked when the total is an estimate. */
const pagesAhead = 10;

/** How many users a page has by default. */
export const defaultLimit = 15;
