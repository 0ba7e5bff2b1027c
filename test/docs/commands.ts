/** Whether the commands that the documentation shows exist. */

const BUILT_INTO_NPM = new Set(["ci", "config", "exec", "i", "install", "pack", "run", "view"]);

const NPM = /(?<![\w/-])npm (run )?([a-z][\w:-]*)/g;

/** `holdfast x` where a command begins, or wherever npm starts it. */
const OWN = /(?:(?:^\s*(?:\$ )?|\bnpx )holdfast|npm run holdfast --) ([a-z]\w*)/g;

/** What there is to run. */
export interface Known {
  /** The scripts of package.json. */
  readonly scripts: ReadonlySet<string>;
  /** The commands of `holdfast`. */
  readonly commands: ReadonlySet<string>;
}

/** Those of `lines` that name a script or command that does not exist. */
export function findUnknownCommands(lines: readonly string[], known: Known): string[] {
  return lines.filter((line) => {
    const npm = [...line.matchAll(NPM)].map(
      ([, run, name = ""]) =>
        known.scripts.has(name) || (run === undefined && BUILT_INTO_NPM.has(name)),
    );
    const own = [...line.matchAll(OWN)].map(([, name = ""]) => known.commands.has(name));
    return [...npm, ...own].includes(false);
  });
}
