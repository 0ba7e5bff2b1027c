/**
 * The names of the remedies, and how they are written as text: the one list that `--heal`, its help and
 * `holdfast explain` go by. Data alone, so that it costs nothing to read.
 */

/** What the text of an option stands for, by the word that stands for its value in the help. */
export const KINDS = {
  GLOB: "text",
  FILE: "text",
  DIRECTORY: "text",
  SIZE: "text",
  UNIT: "text",
  NAME: "text",
  URL: "text",
  "HOST:PORT": "text",
  DURATION: "text",
  N: "number",
  PORT: "number",
  SHARE: "number",
  COMMAND: "command",
  "FILE,…": "list",
  "CODE,…": "list",
  "N/DURATION": "budget",
} as const;

/** One remedy that has a name. */
interface Named {
  /** By their names as text, which are those of code in kebab case. */
  readonly options: Readonly<Record<string, keyof typeof KINDS>>;
  /** For help: what it does, and how it is called. */
  readonly summary: string;
  readonly example: string;
}

/** The options that all of them have. */
export const LIMIT_OPTIONS = {
  budget: "N/DURATION",
  "cool-down": "DURATION",
  limit: "DURATION",
  codes: "CODE,…",
} as const satisfies Named["options"];

/** All of them, by their names. */
export const NAMED = {
  "disk-full": {
    options: { clear: "GLOB", keep: "N", free: "SIZE" },
    summary: "Deletes the oldest files of a glob until there is room, never the newest",
    example: "disk-full clear=/var/backups/*.gz keep=7",
  },
  inodes: {
    options: { clear: "GLOB", keep: "N", free: "N" },
    summary: "Deletes the oldest files of a glob until there are inodes, never the newest",
    example: "inodes clear=/var/lib/sessions/* keep=100",
  },
  "stale-lock": {
    options: { path: "FILE" },
    summary: "Deletes a lock file whose process is gone",
    example: "stale-lock path=/run/backup.lock",
  },
  "pid-file": {
    options: { path: "FILE" },
    summary: "Deletes a pid file whose process is gone",
    example: "pid-file path=/run/app.pid",
  },
  service: {
    options: {
      unit: "UNIT",
      start: "COMMAND",
      stop: "COMMAND",
      probe: "COMMAND",
      "pid-file": "FILE",
      "probe-timeout": "DURATION",
      "start-within": "DURATION",
    },
    summary: "Starts a service again that does not answer",
    example: "service unit=redis-server probe='redis-cli -e ping'",
  },
  "port-taken": {
    options: { port: "PORT", "pid-file": "FILE", probe: "COMMAND" },
    summary: "Ends the stale process of a pid file that holds a port",
    example: "port-taken port=8080 pid-file=/run/app.pid",
  },
  credentials: {
    options: { name: "NAME", refresh: "COMMAND", check: "COMMAND" },
    summary: "Refreshes credentials by a command, once",
    example: "credentials name=aws refresh='aws sso login'",
  },
  "wait-until-reachable": {
    options: {
      host: "HOST:PORT",
      probe: "COMMAND",
      wait: "DURATION",
      "probe-timeout": "DURATION",
    },
    summary: "Waits until a host takes connections, or a command succeeds",
    example: "wait-until-reachable host=store.example:443 wait=10m",
  },
  "database-lock": {
    options: { wait: "DURATION" },
    summary: "Waits for other transactions, with jitter",
    example: "database-lock",
  },
  "dpkg-interrupted": {
    options: { directory: "DIRECTORY" },
    summary: "Runs dpkg --configure -a",
    example: "dpkg-interrupted",
  },
  "package-lock": {
    options: { wait: "DURATION", files: "FILE,…" },
    summary: "Waits for another apt or dpkg; deletes no lock",
    example: "package-lock wait=10m",
  },
  "git-index-lock": {
    options: { "git-directory": "DIRECTORY", "older-than": "DURATION", wait: "DURATION" },
    summary: "Waits for index.lock, and deletes one that is old and unused",
    example: "git-index-lock git-directory=/srv/site/.git",
  },
  "clock-skew": {
    options: { against: "URL", tolerance: "DURATION" },
    summary: "Tells by how much the clock is off",
    example: "clock-skew against=http://deb.debian.org/",
  },
  "out-of-memory": {
    options: { factor: "SHARE", least: "SHARE" },
    summary: "Hands the next attempt less to do, by the variable HOLDFAST_SCALE",
    example: "out-of-memory factor=0.5",
  },
} as const satisfies Readonly<Record<string, Named>>;

/** The name of a remedy of the catalogue. */
export type RemedyName = keyof typeof NAMED;

/** What help and completion tell of a remedy. */
export interface RemedySummary {
  readonly name: string;
  readonly summary: string;
  readonly example: string;
  /** Its own options as they are written: `clear=GLOB`. Those that all have are `REMEDY_LIMITS`. */
  readonly options: readonly string[];
}

/** All remedies that have a name, for help and completion. */
export const REMEDY_NAMES: readonly RemedySummary[] = Object.entries(NAMED).map(
  ([name, { summary, example, options }]) => ({
    name,
    summary,
    example,
    options: written(options),
  }),
);

/** The options that all of them have, as they are written: `budget=N/DURATION`. */
export const REMEDY_LIMITS: readonly string[] = written(LIMIT_OPTIONS);

function written(options: Named["options"]): readonly string[] {
  return Object.entries(options).map(([option, value]) => `${option}=${value}`);
}
