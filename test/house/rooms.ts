/** Who may import whom: the table "Rooms of the house" of ARCHITECTURE.md, as data. */

/** One folder of src. */
export interface Room {
  readonly mayImport: readonly string[];
  /** Packages besides Node's own modules; never in rooms that are portable. */
  readonly packages?: readonly string[];
  /** Runs in browsers, workers, Deno and Bun: no Node module. */
  readonly isPortable?: true;
}

const GUARDS = ["core", "classify", "policies"];

const BELOW_CLI: Readonly<Record<string, Room>> = {
  ".": { mayImport: GUARDS, isPortable: true },
  core: { mayImport: [], isPortable: true },
  classify: { mayImport: ["core"], isPortable: true },
  policies: { mayImport: ["core", "classify"], isPortable: true },
  lean: { mayImport: GUARDS, isPortable: true },
  process: { mayImport: GUARDS },
  http: { mayImport: GUARDS, isPortable: true },
  heal: { mayImport: [...GUARDS, "process"] },
  journal: { mayImport: ["core"], packages: ["pg"] },
  automation: { mayImport: [...GUARDS, "heal", "journal"], packages: ["croner"] },
  observe: {
    mayImport: ["core", "policies", "journal"],
    packages: ["@opentelemetry/api", "nodemailer"],
  },
  testing: { mayImport: ["core"] },
  rehearse: { mayImport: ["core", "automation", "journal", "process", "testing"] },
  simulate: { mayImport: ["core", "policies", "testing"] },
  advise: {
    mayImport: ["core", "classify", "heal", "journal", "process"],
    packages: ["acorn", "unbash"],
  },
  engine: { mayImport: ["core", "journal", "automation"], packages: ["bullmq", "pg"] },
  agent: { mayImport: [...GUARDS, "process", "http", "journal"] },
  dashboard: {
    mayImport: ["core", "journal", "observe"],
    packages: ["hono", "@hono/node-server", "preact", "@preact/signals"],
  },
};

/** Every room by its folder, also those that are not built yet. `.` is what stands in src itself. */
export const ROOMS: Readonly<Record<string, Room>> = {
  ...BELOW_CLI,
  cli: { mayImport: Object.keys(BELOW_CLI) },
};
