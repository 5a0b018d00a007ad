import { type PageFrame, pageFrame } from "@quintet/pages";

export const home = "/ingest";
export const loadsPath = `${home}/loads`;
export const backupsPath = `${home}/backups`;
export const reportsPath = `${home}/reports`;
/** The page on which a file is loaded. A path with a hyphen is never that of a table. */
export const newLoadPath = `${home}/new-load`;
/** The page on which a table is made from a file. */
export const newTablePath = `${home}/new-table`;

/** The path of a load's page. */
export function loadPath(id: number): string {
  return `${loadsPath}/${id}`;
}

/** The path of the page with the rows of a table. */
export function rowsPath(table: string): string {
  return `${home}/${table}`;
}

/** Where the form goes that adds a filter to the rows of a table. */
export function filterPath(table: string): string {
  return `${home}/tables/${table}/actions/filter`;
}

/** The path of a backup. */
export function backupPath(name: string): string {
  return `${backupsPath}/${encodeURIComponent(name)}`;
}

/** The path of a set of backups. */
export function setPath(set: string): string {
  return `${backupsPath}/sets/${encodeURIComponent(set)}`;
}

/** The frame of the pages of the ingestion service. */
export function ingestFrame(signedInAs: PageFrame["signedInAs"]): PageFrame {
  const links = [
    { label: "Overview", href: home },
    { label: "Load a file", href: newLoadPath, staff: true },
    { label: "Loads", href: loadsPath },
    { label: "Backups", href: backupsPath },
    { label: "Reports", href: reportsPath },
    { label: "API", href: `${home}/docs` },
  ];
  return pageFrame({ prefix: home, name: "Ingest", links, ...(signedInAs ? { signedInAs } : {}) });
}
