import { Problem, toProblem } from "@quintet/http";

/** Why a Parquet file cannot be read. A failure of the disk is no fault of the file. */
export function parquetProblem(error: unknown): Problem {
  if (error instanceof Problem || (error instanceof Error && "syscall" in error)) return toProblem(error);
  const detail = "The file is not a valid Parquet file: it is damaged or incomplete.";
  return new Problem("bad-request", detail, { cause: error });
}

/** A file that is valid, and has something that no table can have, or that is not read here. */
export function unfit(detail: string): Problem {
  return new Problem("unprocessable", detail, { errors: [{ path: "file", message: detail }] });
}

export function tooLarge(what: string): Problem {
  return new Problem("payload-too-large", `The Parquet file has ${what}: write it with smaller row groups and pages.`);
}
