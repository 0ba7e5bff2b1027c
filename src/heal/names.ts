/**
 * The names of the remedies, and how they are written as text: the one list that `--heal`, its help and
 * `holdfast explain` go by. Data alone, so that it costs nothing to read.
 */

/** What the text of an option stands for. */
export type OptionKind = "text" | "number" | "command" | "list";

/** One remedy that has a name. */
interface Named {
  readonly options: Readonly<Record<string, OptionKind>>;
  /** For help: what it does, and how it is called. */
  readonly summary: string;
  readonly example: string;
}

/** The options that all of them have. */
export const LIMIT_OPTIONS = { coolDown: "text", limit: "text", codes: "list" } as const;

/** All of them, by their names. */
export const NAMED = {
  "disk-full": {
    options: { clear: "text", keep: "number", free: "text" },
    summary: "Deletes the oldest files of a glob until there is room, never the newest",
    example: "disk-full clear=/var/backups/*.gz keep=7",
  },
  inodes: {
    options: { clear: "text", keep: "number", free: "number" },
    summary: "Deletes the oldest files of a glob until there are inodes, never the newest",
    example: "inodes clear=/var/lib/sessions/* keep=100",
  },
  "stale-lock": {
    options: { path: "text" },
    summary: "Deletes a lock file whose process is gone",
    example: "stale-lock path=/run/backup.lock",
  },
  "pid-file": {
    options: { path: "text" },
    summary: "Deletes a pid file whose process is gone",
    example: "pid-file path=/run/app.pid",
  },
  service: {
    options: {
      unit: "text",
      start: "command",
      stop: "command",
      probe: "command",
      pidFile: "text",
      probeTimeout: "text",
      startWithin: "text",
    },
    summary: "Starts a service again that does not answer",
    example: "service unit=redis-server probe='redis-cli -e ping'",
  },
  "port-taken": {
    options: { port: "number", pidFile: "text", probe: "command" },
    summary: "Ends the stale process of a pid file that holds a port",
    example: "port-taken port=8080 pidFile=/run/app.pid",
  },
  credentials: {
    options: { name: "text", refresh: "command", check: "command" },
    summary: "Refreshes credentials by a command, once",
    example: "credentials name=aws refresh='aws sso login'",
  },
  "wait-until-reachable": {
    options: { host: "text", probe: "command", wait: "text", probeTimeout: "text" },
    summary: "Waits until a host takes connections, or a command succeeds",
    example: "wait-until-reachable host=store.example:443 wait=10m",
  },
  "database-lock": {
    options: { wait: "text" },
    summary: "Waits for other transactions, with jitter",
    example: "database-lock",
  },
  "dpkg-interrupted": {
    options: { directory: "text" },
    summary: "Runs dpkg --configure -a",
    example: "dpkg-interrupted",
  },
  "package-lock": {
    options: { wait: "text", files: "list" },
    summary: "Waits for another apt or dpkg; deletes no lock",
    example: "package-lock wait=10m",
  },
  "git-index-lock": {
    options: { gitDirectory: "text", olderThan: "text", wait: "text" },
    summary: "Waits for index.lock, and deletes one that is old and unused",
    example: "git-index-lock gitDirectory=/srv/site/.git",
  },
  "clock-skew": {
    options: { against: "text", tolerance: "text" },
    summary: "Tells by how much the clock is off",
    example: "clock-skew against=http://deb.debian.org/",
  },
  "out-of-memory": {
    options: { factor: "number", least: "number" },
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
  /** The names of its options, as they are written before the `=`. */
  readonly options: readonly string[];
}

/** All remedies that have a name, for help and completion. */
export const REMEDY_NAMES: readonly RemedySummary[] = Object.entries(NAMED).map(
  ([name, { summary, example, options }]) => ({
    name,
    summary,
    example,
    options: Object.keys({ ...options, ...LIMIT_OPTIONS }),
  }),
);
