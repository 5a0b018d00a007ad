export { type EventLog, eventLog } from "./event-log.ts";
export type { Given, Peers, Place, Program, SocketSource, Start } from "./program.ts";
export { runProgram } from "./run-program.ts";
export { settingNames } from "./setting-names.ts";
export { withSettingsFile } from "./settings-file.ts";
export type { TicketKeys } from "./ticket-keys.ts";
export { watchFiles } from "./watch-files.ts";
export { Workers, type WorkersOptions, workersOf } from "./workers.ts";
