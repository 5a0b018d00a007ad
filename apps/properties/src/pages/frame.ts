import { type PageFrame, pageFrame } from "@quintet/pages";

export const home = "/properties";
export const likedPath = `${home}/liked`;
export const comparePath = `${home}/compare`;
export const newPropertyPath = `${home}/actions/new-property`;
export const statisticsPath = `${home}/statistics`;
export const withdrawnPath = `${home}?withdrawn=true`;

export const savedSearchesPath = `${home}/searches`;
export const saveSearchPath = `${home}/actions/save-search`;

/** The path of something that is done with a saved search by a form. */
export function savedSearchActionPath(id: number, action: "look" | "notify" | "mute" | "rename" | "delete"): string {
  return `${savedSearchesPath}/${id}/actions/${action}`;
}

export const sqlPath = `${home}/sql`;
export const queriesPath = `${home}/queries`;

/** The path of a saved query. */
export function queryPath(name: string): string {
  return `${queriesPath}/${encodeURIComponent(name)}`;
}

/** The path of something that staff does with a saved query by a form. */
export function queryActionPath(name: string, action: "share" | "unshare" | "delete"): string {
  return `${queryPath(name)}/actions/${action}`;
}

/** The path of a property's page. */
export function propertyPath(id: number): string {
  return `${home}/${id}`;
}

/** The path of something that is done with a property by a form. */
export function actionPath(id: number, action: "like" | "unlike" | "edit" | "status" | "withdraw" | "restore"): string {
  return `${home}/${id}/actions/${action}`;
}

/** The frame of the pages of the listings. */
export function propertiesFrame(signedInAs: PageFrame["signedInAs"]): PageFrame {
  const links = [
    { label: "Search", href: home },
    { label: "Liked", href: likedPath },
    { label: "Saved searches", href: savedSearchesPath },
    { label: "Prices", href: statisticsPath },
    { label: "Add a property", href: newPropertyPath, staff: true },
    { label: "Withdrawn", href: withdrawnPath, staff: true },
    { label: "Queries", href: queriesPath },
    { label: "SQL", href: sqlPath, staff: true },
    { label: "API", href: `${home}/docs` },
  ];
  return pageFrame({ prefix: home, name: "Properties", links, ...(signedInAs ? { signedInAs } : {}) });
}
