import type { SystemUser } from "./system-user.ts";

/** The stores. `cache` is a Redis for data that may be lost. */
export type StoreName = "mysql" | "postgres" | "redis" | "cache";

/** Where one instance keeps its files, the user that it runs as, and its settings. */
export type InstanceConfig = {
  /** The instance's own folder, readable by its user only. */
  dir: string;
  user: SystemUser;
  /** The password of the user `quintet`: letters and digits only, so that it never needs quoting. */
  password: string;
  /** False disables every wait for the disk, for tests. */
  durable: boolean;
  /** Whether the user of MariaDB may do everything, for tests: they make databases and users. */
  allRights: boolean;
};

/** What differs between the database servers. */
export type Engine = {
  name: StoreName;
  title: string;
  variable: "MYSQL_URL" | "POSTGRES_URL" | "REDIS_URL" | "CACHE_REDIS_URL";
  /** The users that the packages create; a server started by root runs as the first that exists. */
  users: string[];
  debianPackage: string;
  homebrewFormula: string;
  /** Writes all data to disk, then exits. */
  stopSignal: NodeJS.Signals;
  /** Exits at once. */
  killSignal: NodeJS.Signals;
  /** How the version of the data is compared with that of the program. */
  version: {
    program: string;
    /** How many parts of a version determine the data format. */
    comparedParts: 1 | 2;
    /** Data of an older version cannot be read. */
    exactMatch: boolean;
    /** The version that the data folder itself records. */
    readDataVersion?(data: string): Promise<string>;
  };
  /** Paths of its programs by name, or null when one is not installed. `dir` may contain data that needs a certain version. */
  find(dir: string | null): Promise<Record<string, string> | null>;
  /** Creates `data` in the instance's folder, once. Works in a draft that it renames, so that no incomplete folder is left. */
  initialise(instance: InstanceConfig, programs: Record<string, string>): Promise<void>;
  /** Writes the files that the start needs and returns the command. */
  command(
    instance: InstanceConfig,
    programs: Record<string, string>,
    port: number,
  ): Promise<{ program: string; args: string[] }>;
  /** True when the server on that port responds in its own protocol and accepts requests. */
  isReady(port: number, password: string): Promise<boolean>;
  url(port: number, password: string): string;
};
