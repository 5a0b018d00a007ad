/** The statuses of a property, by their names in the table `status`. Their ids are read from there. */
export const allStatuses = ["comprando", "comprado", "pre_venta", "en_venta", "vendido"] as const;

export type Status = (typeof allStatuses)[number];

/** The statuses in which a property is visible to all accounts; with any other one, or without any, only staff can see it. */
export const visibleStatuses = ["pre_venta", "en_venta", "vendido"] as const satisfies Status[];

export type VisibleStatus = (typeof visibleStatuses)[number];

export function isVisible(status: string | null): status is VisibleStatus {
  return (visibleStatuses as readonly (string | null)[]).includes(status);
}
