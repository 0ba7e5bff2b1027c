import { expect, test } from "vitest";
import { pathsIn } from "./uses.ts";

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
