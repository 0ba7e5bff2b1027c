/** What the remedies for full disks are told. */

import { expect, test } from "vitest";
import { OptionsError } from "../index.ts";
import { diskFull, inodes } from "./disk-full.ts";
import { HOUR } from "./limits.ts";

test.for<[name: string, options: object, message: string]>([
  [
    "a relative glob",
    { clear: "backups/*.gz", keep: 1 },
    'diskFull.clear: expected a glob that begins with /, received "backups/*.gz"',
  ],
  [
    "one of the whole machine",
    { clear: "/*", keep: 1 },
    'diskFull.clear: expected a glob below a directory, not of the whole machine, received "/*"',
  ],
  [
    "one that climbs",
    { clear: "/var/a/../*", keep: 1 },
    'diskFull.clear: expected a glob without . and .., received "/var/a/../*"',
  ],
  [
    "one of the whole machine by another name",
    { clear: "/./**", keep: 1 },
    'diskFull.clear: expected a glob without . and .., received "/./**"',
  ],
  [
    "nothing to keep",
    { clear: "/var/a/*" },
    "diskFull.keep: expected how many of the newest to keep, received undefined",
  ],
  [
    "no size",
    { clear: "/var/a/*", keep: 1, free: "much" },
    'diskFull.free: expected a size such as "2GB", received "much"',
  ],
])("%s is refused", ([, options, message]) => {
  const make = () => diskFull(options as never);

  expect(make).toThrow(OptionsError);
  expect(make).toThrow(message);
});

test("what it may do at most is said beforehand", () => {
  const given = { clear: "/srv/*.gz", keep: 2 };

  expect([diskFull(given).blastRadius, inodes(given).name, diskFull(given).budget]).toEqual([
    "deletes regular files that match /srv/*.gz, the oldest first, and never the newest 2",
    "inodes",
    { times: 3, withinMs: HOUR },
  ]);
});
