/** Archives, package managers and git. */

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, held, ran, type Shown } from "./stage.ts";

export async function* archives(): AsyncGenerator<Shown> {
  const room = folder();
  const at = (name: string) => join(room, name);
  const CORRUPT = "fatal none ARCHIVE_CORRUPT";
  writeFileSync(at("text"), "plain text\n".repeat(500));
  spawnSync("gzip", ["-k", at("text")]);
  yield ran(71, "degraded none EEXIST", ["gzip", "-d", at("text.gz")]);
  yield ran(70, CORRUPT, ["gzip", "-dc", at("text")]);
  yield ran(70, CORRUPT, ["tar", "-xf", at("text"), "-C", room]);
  truncateSync(at("text.gz"), 40);
  yield ran(70, CORRUPT, ["gzip", "-t", at("text.gz")]);
  yield ran(68, "fatal partial ENOENT", ["tar", "-cf", at("a.tar"), at("nowhere")]);
  yield ran(68, "fatal partial ENOENT", ["rsync", at("nowhere"), at("copy")]);
  mkdirSync(at("from"));
  mkdirSync(at("to/file/x"), { recursive: true });
  writeFileSync(at("from/file"), "");
  yield ran(69, "degraded partial RSYNC_PARTIAL", ["rsync", "-r", `${at("from")}/`, at("to")]);
}

/** Holds a lock as apt and dpkg do, until it is ended. */
const HOLD = `import fcntl, sys, time
f = open(sys.argv[1], "w")
fcntl.lockf(f, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)`;

// An apt and a dpkg with a state of their own: that of the machine is left alone.
export async function* packages(): AsyncGenerator<Shown> {
  const room = folder();
  const admin = join(room, "dpkg");
  for (const name of ["updates", "info", "triggers"])
    mkdirSync(join(admin, name), { recursive: true });
  for (const name of ["status", "available"]) writeFileSync(join(admin, name), "");
  mkdirSync(join(room, "lists/partial"), { recursive: true });
  mkdirSync(join(room, "cache/archives/partial"), { recursive: true });
  const apt = [
    "apt-get",
    "-o",
    `Dir::State::status=${admin}/status`,
    "-o",
    `Dir::State::lists=${room}/lists`,
  ];
  const own = [
    ...apt,
    "-o",
    `Dir::Cache=${room}/cache`,
    "-o",
    "Dir::Etc::sourcelist=/dev/null",
    "-o",
    "Dir::Etc::sourceparts=/dev/null",
  ];
  const root = process.getuid?.() === 0 ? [] : ["unshare", "-r"];

  const release = await held("python3", "-c", HOLD, join(admin, "lock-frontend"));
  yield await ran(21, "transient none PACKAGES_LOCKED", [
    ...root,
    ...own,
    "install",
    "-y",
    "holdfast-nowhere",
  ]);
  yield await ran(22, "transient none PACKAGES_LOCKED", [
    ...root,
    "dpkg",
    `--admindir=${admin}`,
    "--configure",
    "-a",
  ]);
  await release();
  yield await ran(24, "fatal none PACKAGE_NOT_FOUND", [
    ...root,
    ...own,
    "install",
    "-y",
    "holdfast-nowhere",
  ]);
  writeFileSync(join(admin, "updates/0001"), "");
  yield await ran(23, "degraded partial DPKG_INTERRUPTED", [
    ...root,
    ...own,
    "install",
    "-y",
    "holdfast-nowhere",
  ]);

  yield* projects();
}

async function* projects(): AsyncGenerator<Shown> {
  const project = folder();
  const npm = (...words: string[]) => [
    "npm",
    ...words,
    "--fetch-retries=0",
    "--no-audit",
    `--cache=${project}/cache`,
    "--no-update-notifier",
  ];
  writeFileSync(join(project, "package.json"), '{"name":"x","version":"1.0.0"}');
  yield ran(91, "fatal none USAGE", npm("ci"), { cwd: project });
  yield ran(
    91,
    "degraded none ECONNREFUSED",
    npm("view", "left-pad", "--registry=http://127.0.0.1:1/"),
    { cwd: project },
  );
  // It comes with Python, or in a package of its own.
  if (spawnSync("python3", ["-m", "pip", "--version"]).status !== 0) return;
  yield ran(
    92,
    "fatal none PACKAGE_NOT_FOUND",
    ["python3", "-m", "pip", "download", "--no-index", "holdfast-nowhere"],
    { cwd: project },
  );
}

export async function* git(): AsyncGenerator<Shown> {
  const room = folder();
  const at = (name: string) => join(room, name);
  const env = {
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@b.c",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@b.c",
    HOME: room,
  };
  const does = (cwd: string, ...words: string[]) =>
    void spawnSync("git", words, { cwd, env: { ...process.env, ...env } });
  const commit = (repository: string, text: string) => {
    writeFileSync(join(repository, "file"), text);
    does(repository, "add", "file");
    does(repository, "commit", "-qm", text);
  };
  does(room, "init", "-q", "--bare", "-b", "main", "origin");
  does(room, "clone", "-q", "origin", "one");
  does(at("one"), "switch", "-qc", "main");
  commit(at("one"), "first");
  does(at("one"), "push", "-q", "origin", "main");
  does(room, "clone", "-q", "origin", "two");
  commit(at("one"), "second");
  does(at("one"), "push", "-q", "origin", "main");
  commit(at("two"), "another");
  yield ran(26, "degraded none GIT_PUSH_REJECTED", ["git", "push", "origin", "main"], {
    cwd: at("two"),
    env,
  });
  does(at("two"), "fetch", "-q");
  yield ran(27, "fatal partial GIT_CONFLICT", ["git", "merge", "origin/main"], {
    cwd: at("two"),
    env,
  });
  writeFileSync(at("one/.git/index.lock"), "");
  yield ran(25, "transient none GIT_LOCKED", ["git", "add", "file"], { cwd: at("one"), env });
  yield ran(29, "fatal none GIT_OWNERSHIP", ["git", "log"], {
    cwd: at("one"),
    env: { ...env, GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" },
  });
  yield ran(36, "degraded none ECONNREFUSED", ["git", "ls-remote", "http://127.0.0.1:1/x"], {
    env,
  });
  yield ran(32, "transient none ENOTFOUND", ["git", "ls-remote", "http://holdfast.invalid/x"], {
    env,
  });
  // So that nobody takes the lock above for one that git removed.
  if (readFileSync(at("one/.git/index.lock"), "utf8") !== "")
    throw new Error("the lock was changed");
}
