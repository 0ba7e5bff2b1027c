import { expect, test } from "vitest";
import type { Permissions } from "../core/permissions.ts";
import { heldBy, noNetWords, rightsWords, unheldBy, type Machine } from "./sandbox-level.ts";

const [RIGHTS = []] = rightsWords(true);
const AT: Readonly<Record<string, Machine>> = {
  bubblewrap: { level: "bubblewrap", lacks: "", rights: [], noNet: [] },
  rights: { level: "no-new-privs", lacks: "x", rights: RIGHTS, noNet: noNetWords(true) },
  "rights, with a network": { level: "no-new-privs", lacks: "x", rights: RIGHTS, noNet: [] },
  none: { level: "none", lacks: "x", rights: [], noNet: [] },
};

test.for<[at: string, permissions: Permissions, unheld: readonly string[]]>([
  ["bubblewrap", {}, []],
  ["bubblewrap", { read: [], net: [], run: [] }, []],
  ["bubblewrap", { net: ["*:*"] }, []],
  [
    "bubblewrap",
    { net: ["a:1"], run: ["tar"] },
    ["which hosts it reaches", "programs that lie in what it may read or write"],
  ],
  ["rights", { read: [], net: [] }, ["what it reads"]],
  ["rights", { net: ["a:1"] }, ["the network"]],
  ["rights", { net: ["*:*"] }, []],
  ["rights, with a network", { read: [], net: [] }, ["what it reads", "the network"]],
  ["none", { write: ["/x"], run: [], env: [] }, ["what it writes", "which programs it runs"]],
])("%s with %j does not hold %j", ([at, permissions, unheld]) => {
  expect(unheldBy(AT[at] as Machine, permissions)).toEqual(unheld);
});

test("what is held below bubblewrap is told, and nothing that is not", () => {
  const [, withoutPrlimit = []] = rightsWords(false);
  const asUser: Machine = { level: "no-new-privs", lacks: "", rights: withoutPrlimit, noNet: [] };

  expect([
    heldBy(AT["rights"] as Machine, { net: [] }),
    heldBy(AT["rights"] as Machine, { net: ["a:1"] }).includes("no network"),
    heldBy(asUser, { net: [] }),
    heldBy(AT["none"] as Machine, { net: [] }),
  ]).toEqual([
    [
      "no network",
      "it gains no rights",
      "it writes no memory image",
      "of root's rights those over files and users",
    ],
    false,
    ["it gains no rights"],
    [],
  ]);
});
