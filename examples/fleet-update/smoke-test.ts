/** Looks whether every host of a fleet runs the version that it should. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { automation } from "holdfast/automation";

export const smokeTest = automation("smoke-test", async (run) => {
  const { fleet, version } = run.input as { fleet: string; version: string };
  const hosts = await readdir(fleet);
  const versions = await run.parallel(
    hosts.map((host) => () => run.read(host, () => readFile(join(fleet, host, "version"), "utf8"))),
  );
  const behind = hosts.filter((_, index) => versions[index] !== version);
  if (behind.length > 0) throw new Error(`not at ${version}: ${behind.join(", ")}`);
});
