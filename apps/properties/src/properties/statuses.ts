/** The statuses of a property and their ids, as inserted by the migration. A new status needs a new migration and a new line here. */
export const statusIds = { comprando: 1, comprado: 2, pre_venta: 3, en_venta: 4, vendido: 5 } as const;

export type Status = keyof typeof statusIds;

export const allStatuses = Object.keys(statusIds) as [Status, ...Status[]];

/** The statuses in which a property is visible to all accounts; with any other one only staff can see it. */
export const visibleStatuses = ["pre_venta", "en_venta", "vendido"] as const satisfies Status[];

export type VisibleStatus = (typeof visibleStatuses)[number];

export function isVisible(status: Status): status is VisibleStatus {
  return (visibleStatuses as readonly Status[]).includes(status);
}

/** The ids of the visible statuses, as the parameters `:status1` to `:status3` of statements. */
export const visibleIds = {
  status1: statusIds[visibleStatuses[0]],
  status2: statusIds[visibleStatuses[1]],
  status3: statusIds[visibleStatuses[2]],
};
