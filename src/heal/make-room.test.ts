/** On real files, with a disk whose room is told. */

import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../core/system.ts";
import { findUsers } from "./in-use.ts";
import { HOUR } from "./limits.ts";
import { makeRoom, type Disk } from "./make-room.ts";
import { deleteFile, openRoot } from "./oldest-files.ts";
import type { Candidate } from "./room.ts";
import { VirtualClock } from "../testing/index.ts";
import { treat } from "./treat.contract.ts";

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-room-")));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Files of 8 KiB each, the first the oldest. */
function fill(path: string, ...names: readonly string[]): void {
  names.forEach((name, index) => {
    writeFileSync(join(path, name), Buffer.alloc(8_192, 1));
    utimesSync(join(path, name), 1_000 + index, 1_000 + index);
  });
}

/** Nothing is kept for root. */
function bothOf(free: number) {
  return { free, unused: free };
}

/**
 * A disk of 100 kB on which nothing but these files lies, and whose room is what they leave. What a link
 * to a directory leads to counts too.
 */
function disk(path: string, change: Partial<Disk> = {}): Disk {
  const used = () =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0);
  return {
    measure: async (_, resource) =>
      resource === "bytes"
        ? { ...bothOf(Math.max(0, 32_768 - used())), total: 100_000 }
        : { ...bothOf(4 - readdirSync(path).length), total: 4 },
    findUsers: () => new Map(),
    ...change,
  };
}

function clearing(path: string, change: { keep?: number; free?: number; glob?: string } = {}) {
  const { keep = 1, free = 16_384, glob = "*.gz" } = change;
  return {
    clear: join(path, glob),
    keep,
    free,
    budget: { times: 3, within: HOUR },
    coolDown: 0,
    limit: 60_000,
    codes: [],
  };
}

test("the oldest go until there is room, measured after each; the newest and what does not match stay", async () => {
  const path = folder();
  fill(path, "1.gz", "2.gz", "3.gz", "4.gz");
  const { outcome, plan, deeds, found, because } = await treat(
    makeRoom("bytes", clearing(path), disk(path)),
    "ENOSPC",
  );

  expect({ outcome, plan, deeds, found, because, left: readdirSync(path) }).toEqual({
    outcome: "healed",
    plan: [`delete ${path}/1.gz (8.2 kB)`, `delete ${path}/2.gz (8.2 kB)`],
    deeds: [`deleted ${path}/1.gz (8.2 kB)`, `deleted ${path}/2.gz (8.2 kB)`],
    found: `${path} has 0 B left, 16.4 kB wanted; of ${path}/*.gz 3 may go, 1 stay as the newest`,
    because: `${path} has 16.4 kB left, 16.4 kB wanted`,
    left: ["3.gz", "4.gz"],
  });
});

test.for<[name: string, keep: number, free: number, outcome: string, left: string[]]>([
  ["with nothing to delete it stops", 2, 16_384, "failed", ["1.gz", "2.gz"]],
  [
    "what is not enough stays, for it would be lost in vain",
    0,
    100_000,
    "failed",
    ["1.gz", "2.gz"],
  ],
  ["with more to keep than there are it stops", 9, 20_000, "failed", ["1.gz", "2.gz"]],
  ["a disk that has room is not its affair", 0, 1, "skipped", ["1.gz", "2.gz"]],
])("%s", async ([, keep, free, outcome, left]) => {
  const path = folder();
  fill(path, "1.gz", "2.gz");

  const record = await treat(
    makeRoom("bytes", clearing(path, { keep, free: free === 16_384 ? 20_000 : free }), disk(path)),
    "ENOSPC",
  );

  expect([record.outcome, readdirSync(path)]).toEqual([outcome, left]);
});

test("no link leads out of the directory, and nothing but regular files goes", async () => {
  const [path, other] = [folder(), folder()];
  fill(other, "precious.gz");
  fill(path, "1.gz");
  mkdirSync(join(path, "folder.gz"));
  symlinkSync(join(other, "precious.gz"), join(path, "link.gz"));
  symlinkSync(other, join(path, "away"));
  const options = clearing(path, { keep: 0, free: 24_576, glob: "{*.gz,away/*.gz,**/*.gz}" });

  await treat(makeRoom("bytes", options, disk(path)), "ENOSPC");

  expect([readdirSync(path).toSorted(), readdirSync(other)]).toEqual([
    ["away", "folder.gz", "link.gz"],
    ["precious.gz"],
  ]);
});

test("a file that two ways lead to is kept as one", async () => {
  const path = folder();
  mkdirSync(join(path, "real"));
  fill(join(path, "real"), "1.gz", "2.gz");
  symlinkSync(join(path, "real"), join(path, "way"));
  const options = clearing(path, { keep: 1, free: 8_192, glob: "*/*.gz" });

  await treat(makeRoom("bytes", options, disk(path)), "ENOSPC");

  expect(readdirSync(join(path, "real"))).toEqual(["2.gz"]);
});

test.runIf(existsSync("/proc/self/fd"))(
  "a file that somebody has open stays, and who it is is told",
  async () => {
    const path = folder();
    fill(path, "1.gz", "2.gz", "3.gz");
    const held = openSync(join(path, "1.gz"), "a");
    onTestFinished(() => closeSync(held));

    const { found } = await treat(
      makeRoom("bytes", clearing(path, { keep: 1, free: 16_384 }), disk(path, { findUsers })),
      "ENOSPC",
    );

    expect(readdirSync(path)).toEqual(["1.gz", "3.gz"]);
    expect(found).toContain(`1 in use: ${path}/1.gz by `);
    expect(found).toContain(`(${process.pid})`);
  },
);

test("when deleting one frees nothing it stops, for more would be lost in vain", async () => {
  const path = folder();
  fill(path, "1.gz", "2.gz", "3.gz", "4.gz");
  const full = disk(path, { measure: async () => ({ ...bothOf(0), total: 100_000 }) });
  const waits: number[] = [];
  const { outcome, because, deeds } = await treat(
    makeRoom("bytes", clearing(path), full),
    "ENOSPC",
    { clock: { ...systemClock, sleep: async (ms) => void waits.push(ms) } },
  );

  expect({ outcome, because, deeds, waits, left: readdirSync(path) }).toEqual({
    outcome: "failed",
    because: `deleting ${path}/1.gz freed nothing: it is held open by somebody, or the disk is being filled meanwhile`,
    deeds: [`deleted ${path}/1.gz (8.2 kB)`],
    waits: [200, 200, 200, 200],
    left: ["2.gz", "3.gz", "4.gz"],
  });
});

test("of inodes empty files count too", async () => {
  const path = folder();
  for (const name of ["1", "2", "3", "4"]) {
    writeFileSync(join(path, name), "");
    utimesSync(join(path, name), 1_000, 1_000);
  }
  const { outcome, because } = await treat(
    makeRoom("inodes", clearing(path, { keep: 1, free: 2, glob: "*" }), disk(path)),
    "ENOSPC",
  );

  expect([outcome, because, readdirSync(path).length]).toEqual([
    "healed",
    `${path} has 2 inodes left, 2 inodes wanted`,
    2,
  ]);
});

test("a file with another name stays, for it would free nothing", async () => {
  const path = folder();
  fill(path, "1.gz");
  linkSync(join(path, "1.gz"), join(path, "1.copy"));
  const { outcome } = await treat(
    makeRoom("bytes", clearing(path, { keep: 0, free: 32_768 }), disk(path)),
    "ENOSPC",
  );

  expect([outcome, readdirSync(path)]).toEqual(["failed", ["1.copy", "1.gz"]]);
});

function candidate(folder: string, name: string): Candidate {
  const path = join(folder, name);
  const { ino: inode, mtimeMs: modifiedMs } = statSync(path);
  return { path, inode, modifiedMs, bytes: 8_192, links: 1 };
}

test("what is another file by now, or gone, stays where it is", async () => {
  const path = folder();
  fill(path, "1.log", "2.log", "3.log");
  const [root, oldest, second] = [
    await openRoot(path),
    candidate(path, "2.log"),
    candidate(path, "3.log"),
  ];
  // As a rotation of logs does: what was the second is the third now.
  renameSync(join(path, "1.log"), join(path, "2.log"));
  unlinkSync(join(path, "3.log"));
  const rewritten = { ...candidate(path, "2.log"), modifiedMs: 1 };

  const answers = [
    await deleteFile(oldest, root),
    await deleteFile(second, root),
    await deleteFile(rewritten, root),
    await deleteFile(candidate(path, "2.log"), root),
  ];

  expect([answers, readdirSync(path)]).toEqual([
    ["it is another one by now", "it is gone", "it is another one by now", undefined],
    [],
  ]);
});

test("one that cannot be deleted stays, and the next goes", async () => {
  const path = folder();
  fill(path, "1.gz", "2.gz", "3.gz", "4.gz");
  let looks = 0;
  // The oldest is gone as soon as they were chosen.
  const findUsers = () => {
    if (++looks === 2) unlinkSync(join(path, "1.gz"));
    return new Map();
  };

  const { outcome, deeds } = await treat(
    makeRoom("bytes", clearing(path), disk(path, { findUsers })),
    "ENOSPC",
  );

  expect([outcome, deeds]).toEqual([
    "healed",
    [`left ${path}/1.gz (8.2 kB): it is gone`, `deleted ${path}/2.gz (8.2 kB)`],
  ]);
});

test("what somebody opens while others are deleted stays, and the next goes", async () => {
  const path = folder();
  fill(path, "1.gz", "2.gz", "3.gz", "4.gz");
  const clock = new VirtualClock();
  let looks = 0;
  const slow = disk(path, {
    findUsers: () => new Map(++looks > 2 ? [[join(path, "2.gz"), { pid: 7, name: "tar" }]] : []),
  });
  const measure: Disk["measure"] = async (root, resource) => {
    await clock.advance(600);
    return slow.measure(root, resource);
  };

  const { outcome, deeds } = await treat(
    makeRoom("bytes", clearing(path, { keep: 0 }), { ...slow, measure }),
    "ENOSPC",
    { clock, beganAtMs: Number.MAX_SAFE_INTEGER },
  );

  expect([outcome, deeds, readdirSync(path)]).toEqual([
    "healed",
    [
      `deleted ${path}/1.gz (8.2 kB)`,
      `left ${path}/2.gz (8.2 kB): tar (7) has come to use it`,
      `deleted ${path}/3.gz (8.2 kB)`,
    ],
    ["2.gz", "4.gz"],
  ]);
});

test("where others have come to use what was to go, nothing goes in vain", async () => {
  const path = folder();
  fill(path, "1.gz", "2.gz", "3.gz", "4.gz");
  let looks = 0;
  const user = { pid: 1, name: "tar" };
  const findUsers = () =>
    new Map(++looks === 2 ? [[join(path, "2.gz"), user] as const, [join(path, "3.gz"), user]] : []);

  const { outcome, deeds } = await treat(
    makeRoom("bytes", clearing(path), disk(path, { findUsers })),
    "ENOSPC",
  );

  expect([outcome, deeds, readdirSync(path).length]).toEqual(["failed", [], 4]);
});

test.for<[name: string, looks: number, left: number]>([
  ["while it looks for files", 1, 4],
  ["while it deletes", 4, 3],
])("cancelled %s it goes no further", async ([, when, left]) => {
  const path = folder();
  fill(path, "1.gz", "2.gz", "3.gz", "4.gz");
  const cancelled = new AbortController();
  const real = disk(path);
  let looks = 0;
  const measure: Disk["measure"] = (root, resource) => {
    if (++looks === when) cancelled.abort(new Error("enough"));
    return real.measure(root, resource);
  };
  const remedy = makeRoom("bytes", clearing(path), { ...real, measure });
  const context = {
    error: undefined,
    fault: { class: "degraded", code: "ENOSPC", effect: "partial" },
    signal: cancelled.signal,
    clock: systemClock,
    random: () => 0,
    beganAtMs: systemClock.now(),
    attemptedAtMs: systemClock.now(),
    round: 1,
    scale: 1,
  } as const;

  const healing = async () => {
    await remedy.examine(context);
    await remedy.act({ ...context, did: () => undefined, rescale: () => undefined });
  };

  await expect(healing()).rejects.toThrow("enough");
  expect(readdirSync(path)).toHaveLength(left);
});

test("what the step has written itself stays, and is none of the newest that are kept", async () => {
  const path = folder();
  fill(path, "1.gz", "2.gz", "3.gz");
  writeFileSync(join(path, "half-written.gz"), Buffer.alloc(8_192, 1));

  const { outcome, found } = await treat(
    makeRoom("bytes", clearing(path, { keep: 1 }), disk(path)),
    "ENOSPC",
    { beganAtMs: systemClock.now() - 60_000 },
  );

  expect([outcome, found?.split("; ")[1], readdirSync(path)]).toEqual([
    "healed",
    `of ${path}/*.gz 2 may go, 1 stay as the newest, 1 written since the step began`,
    ["3.gz", "half-written.gz"],
  ]);
});

test("where root's share of the disk is used up, deleting fills that first and goes on", async () => {
  const path = folder();
  fill(path, "1.gz", "2.gz", "3.gz", "4.gz");
  const reserved = disk(path);
  const measure: Disk["measure"] = async (root, resource) => {
    const { unused, total } = await reserved.measure(root, resource);
    return { unused, free: Math.max(0, unused - 8_192), total };
  };

  const { outcome, deeds } = await treat(
    makeRoom("bytes", clearing(path, { free: 8_192 }), { ...reserved, measure }),
    "ENOSPC",
  );

  expect([outcome, deeds.length]).toEqual(["healed", 2]);
});

test("a directory that is the whole machine is refused, by whatever name", async () => {
  const path = folder();
  symlinkSync("/", join(path, "all"));

  await expect(openRoot(join(path, "all"))).rejects.toThrow("is the whole machine");
  await expect(openRoot("/proc/self/root")).rejects.toThrow("is the whole machine");
});

test("a name cannot forge lines of a report", async () => {
  const path = folder();
  fill(path, "1\n\u001b[31m.gz", "2.gz", "3.gz");

  const { plan, deeds } = await treat(
    makeRoom("bytes", clearing(path, { free: 9_000 }), disk(path)),
    "ENOSPC",
  );

  expect([plan, deeds]).toEqual([
    [`delete ${path}/1\\n\\u001b[31m.gz (8.2 kB)`],
    [`deleted ${path}/1\\n\\u001b[31m.gz (8.2 kB)`],
  ]);
});

test("a directory that was replaced by a link meanwhile leads nobody out", async () => {
  const [path, other] = [folder(), folder()];
  fill(other, "precious.gz");
  const root = await openRoot(path);
  symlinkSync(other, join(path, "sub"));

  await expect(
    deleteFile(
      { ...candidate(other, "precious.gz"), path: join(path, "sub", "precious.gz") },
      root,
    ),
  ).rejects.toThrow(/ENOTDIR|ELOOP/);
  await expect(deleteFile(candidate(other, "precious.gz"), root)).rejects.toThrow(
    `${other} no longer lies within ${path}`,
  );
  expect(readdirSync(other)).toEqual(["precious.gz"]);
});
