import { expect, test } from "vitest";
import { pathsIn, UseWatcher } from "./uses.ts";

test("of more uses than it tells it tells once that there are more, and of none again", () => {
  const told: unknown[] = [];
  const watcher = new UseWatcher((use) => void told.push(use), 2);

  for (const name of ["one", "one", "two", "three", "four", "one"]) {
    watcher.started({ program: `holdfast-${name}`, words: [] });
  }

  expect(told).toEqual([
    { of: "run", value: "holdfast-one" },
    { of: "run", value: "holdfast-two" },
    { of: "more", most: 2 },
  ]);
});

test.for([
  [
    ["tar", "-cf", "/a/b c.tar", "src/x"],
    ["/a/b c.tar", "/a/b", "/here/src/x"],
  ],
  [
    ["--file=/a/b", "of=/c", "../d", "-x"],
    ["/a/b", "/c", "/d"],
  ],
  [
    ["-c", `cp "/a/1" '/b/2' > /c/3;rm /d/$X`],
    ["/a/1", "/b/2", "/c/3", "/d/"],
  ],
  [["https://store.example/a", "a:b/c", "word", "/usr/bin/env", "/"], []],
] as const)("of %j these may be paths: %j", ([words, paths]) => {
  expect(pathsIn(words, "/here").toSorted()).toEqual(
    paths.map((path) => path.replace(/(?<=.)\/$/, "")).toSorted(),
  );
});
