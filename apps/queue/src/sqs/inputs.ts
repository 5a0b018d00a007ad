import { SqsError } from "./sqs-error.ts";

/** A parameter that an action requires. */
export function required<T>(name: string, value: T | undefined): T {
  if (value === undefined || value === "") {
    throw new SqsError("MissingParameter", `The request must contain the parameter ${name}.`);
  }
  return value;
}

export function invalidParameter(name: string, value: unknown, reason: string): SqsError {
  return new SqsError("InvalidParameterValue", `Value ${value} for parameter ${name} is invalid. Reason: ${reason}`);
}

/** A number within its bounds, or none. */
export function within(name: string, value: number | undefined, [min, max]: [number, number], reason: string): void {
  if (value !== undefined && (value < min || value > max)) throw invalidParameter(name, value, reason);
}
