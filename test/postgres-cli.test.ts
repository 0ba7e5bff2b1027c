/** The command line with its journal in Postgres. Real processes and a real server. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openJournal } from "../src/cli/open-journal.ts";
import { fixture, holdfast, place, steady } from "./cli-process.ts";
import { PASSWORD } from "./postgres/password.ts";
import { freshSchema, serverUrl, SKIPPED } from "./postgres/shared-server.ts";

const WELL = ["run", fixture("endings.ts"), "--input", '{"ending":"well"}'];

async function address(change: (url: URL) => void = () => undefined) {
  const url = new URL(await serverUrl());
  url.searchParams.set("schema", freshSchema());
  change(url);
  return { HOLDFAST_JOURNAL: url.href };
}

test.skipIf(SKIPPED)("every command uses the database, and no file", async () => {
  const at = place();
  const env = await address();

  const ran = await holdfast(at, WELL, env);
  const listed = await holdfast(at, ["runs", "--json"], env);
  const shown = await holdfast(at, ["show", "last"], env);

  expect({
    ran: [ran.exitCode, steady(ran.stdout, at)],
    listed: (JSON.parse(listed.stdout) as { runs: { automation: string }[] }).runs.length,
    shown: [shown.exitCode, steady(shown.stdout, at).split("\n")[0]],
    hasFile: existsSync(join(at.home, "holdfast.db")),
  }).toEqual({
    ran: [0, "2/2 tasks succeeded: endings, run RUN, LENGTH\n"],
    listed: 1,
    shown: [0, "endings, run RUN: succeeded, exit code 0, 2/2 tasks succeeded"],
    hasFile: false,
  });
});

test.skipIf(SKIPPED)(
  "an automation that tells its whole environment tells no password",
  async () => {
    const at = place();
    const file = at.file(
      "tell.ts",
      `import { automation } from "holdfast/automation";
    export default automation("tell", (run) => run.step("tell", ({ log }) => {
      log.info(process.env.HOLDFAST_JOURNAL + " or " + ${JSON.stringify(PASSWORD)});
    }));`,
    );

    const { exitCode, stdout, stderr } = await holdfast(at, ["run", file], await address());

    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("*** or ***")]);
    expect(stdout + stderr).not.toContain(PASSWORD);
  },
);

test.skipIf(SKIPPED)(
  "a server that lets nobody in exits with 74, and shows no password",
  async () => {
    const at = place();
    const env = await address((url) => (url.password = "wrong-4711"));

    const { exitCode, stderr } = await holdfast(at, WELL, env);

    expect([exitCode, stderr]).toEqual([74, expect.stringContaining("does not let this user in")]);
    expect(stderr).not.toContain("wrong-4711");
  },
);

test.for([
  "mysql://root:hunter2-hunter2@localhost/app",
  "postgres://user:hunter2-hunter2@host:port/app",
  // What a password that is not encoded looks like: as a broken escape, or as a port and a database.
  "postgres://user:50%off@127.0.0.1:1/app",
  "postgres://user:12/hunter2@127.0.0.1:1/app",
  "postgres://user:12#hunter2@127.0.0.1:1/app",
  "/var/lib/holdfast.db",
])("%s is no address, exits with 78, and is not shown", async (wrong) => {
  const at = place();

  const { exitCode, stderr } = await holdfast(at, ["runs"], { HOLDFAST_JOURNAL: wrong });

  expect([exitCode, stderr.split("\n")[0]]).toEqual([
    78,
    "holdfast: HOLDFAST_JOURNAL: expected the address of a database that begins with postgres://, with what is special in a password percent-encoded",
  ]);
});

test("without pg it says where it looked, and what to do", async () => {
  const at = place();

  const opening = openJournal({ HOLDFAST_JOURNAL: "postgres://localhost/app" }, [at.root, at.home]);

  await expect(opening).rejects.toMatchObject({
    code: "OPTIONS_INVALID",
    message: `HOLDFAST_JOURNAL: the journal in Postgres needs the package pg, which was not found from ${at.root} or ${at.home}: npm install pg`,
  });
});

test("a pg that is there and cannot be loaded says why by itself", async () => {
  const at = place();
  at.file("node_modules/pg/index.js", "require('gone')");

  const opening = openJournal({ HOLDFAST_JOURNAL: "postgres://localhost/app" }, [at.root]);

  await expect(opening).rejects.toThrow("Cannot find module 'gone'");
});
