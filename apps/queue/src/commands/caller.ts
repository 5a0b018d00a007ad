/**
 * Who a command runs for: the id of an account, which needs a right for what it does, or none for the app itself. Staff may do everything.
 */
export interface Caller {
  accountId: number | null;
  isStaff: boolean;
}

/** What an account may have a right to do with a queue; each of the others includes `read`. */
export type Right = "send" | "receive" | "read" | "manage";

/** The app itself, and what it does for nobody in particular: transfers, the sweep, metrics. */
export const system: Caller = { accountId: null, isStaff: true };

export function callerOf({ id, isStaff }: { id: number; isStaff: boolean }): Caller {
  return { accountId: id, isStaff };
}

/** The caller as the Lua files take it: `parts/rights.lua`. */
export function callerArgument({ accountId, isStaff }: Caller, right: Right): string {
  return isStaff ? "" : `${right} ${accountId}`;
}
