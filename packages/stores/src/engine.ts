import type { Account } from "./account.ts";

/** The stores; `cache` is a Redis for what may be lost. */
export type StoreName = "mysql" | "postgres" | "redis" | "cache";

/** Where one instance keeps its files, whom it runs as and how it is set. */
export type Place = {
  /** A folder of its own, readable by its account only. */
  dir: string;
  account: Account;
  /** The password of the user `quintet`: letters and digits only, so that it needs no quoting anywhere. */
  password: string;
  /** False turns off every wait for the disk: for tests. */
  durable: boolean;
};

/** What differs between the servers. */
export type Engine = {
  name: StoreName;
  title: string;
  variable: "MYSQL_URL" | "POSTGRES_URL" | "REDIS_URL" | "CACHE_REDIS_URL";
  /** The package's own user, which a server started by root runs as. */
  users: string[];
  debianPackage: string;
  homebrewFormula: string;
  /** Writes everything out, then ends. */
  stopSignal: NodeJS.Signals;
  /** Ends at once. */
  killSignal: NodeJS.Signals;
  /** How the version of its data is compared with that of the program. */
  version: {
    program: string;
    /** How many parts of a version stand for the form of the data. */
    comparedParts: 1 | 2;
    /** Data of an older version cannot be read either. */
    onlyEqual: boolean;
    /** What the data says of the version that made it. */
    ofData?(data: string): Promise<string>;
  };
  /** Paths of its programs by name, or null when the machine lacks them. `dir` may hold data of a certain version. */
  find(dir: string | null): Promise<Record<string, string> | null>;
  /** Makes `data` in the place's folder, once. Nothing there may be left half-made: it works in a draft and renames. */
  initialise(place: Place, programs: Record<string, string>): Promise<void>;
  /** Writes what the start needs and returns the command. */
  command(place: Place, programs: Record<string, string>, port: number): Promise<{ program: string; args: string[] }>;
  /** True when the server on that port answers in its own protocol and takes requests. */
  answers(port: number, password: string): Promise<boolean>;
  url(port: number, password: string): string;
};
