/** Why a row is rejected, for programs. A code keeps its meaning; reasons may be worded better. */
export const faultCodes = [
  "required",
  "type",
  "minimum",
  "maximum",
  "min-length",
  "max-length",
  "pattern",
  "enum",
  "unique",
  "duplicate-key",
  "reference",
  "encoding",
  "columns",
  "quote",
  "json",
  "too-long",
  "range",
  "precision",
  "no-such-date",
  "ambiguous-date",
  "no-zone",
  "unexpected-zone",
  "no-such-local-time",
  "ambiguous-local-time",
] as const;
export type FaultCode = (typeof faultCodes)[number];

/** Why a row or a field is invalid: a stable code, and the reason for people. */
export interface Fault {
  code: FaultCode;
  reason: string;
}
