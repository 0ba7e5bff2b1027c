import { homedir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { journalFile, stateHome } from "./home.ts";

const USUAL = join(homedir(), ".local", "state", "holdfast");

test.for<[env: Record<string, string | undefined>, home: string]>([
  [{}, USUAL],
  [{ HOLDFAST_HOME: "/srv/state" }, "/srv/state"],
  [{ HOLDFAST_HOME: "/srv/state", XDG_STATE_HOME: "/xdg" }, "/srv/state"],
  [{ HOLDFAST_HOME: "", XDG_STATE_HOME: "/xdg" }, "/xdg/holdfast"],
  [{ HOLDFAST_HOME: undefined, XDG_STATE_HOME: "" }, USUAL],
  [{ XDG_STATE_HOME: "relative/path" }, USUAL],
])("with %o the state is in %s", ([env, home]) => {
  expect([stateHome(env), journalFile(env)]).toEqual([home, join(home, "holdfast.db")]);
});

test("a relative HOLDFAST_HOME is refused", () => {
  expect(() => stateHome({ HOLDFAST_HOME: "state" })).toThrow(
    'HOLDFAST_HOME: expected an absolute path, received "state"',
  );
});

test.for<[variable: string, path: string, told: string]>([
  ["HOLDFAST_HOME", "/proc/state", "/proc/state"],
  ["HOLDFAST_HOME", "/proc", "/proc"],
  ["HOLDFAST_HOME", "/srv/../proc//self/state", "/srv/../proc//self/state"],
  ["XDG_STATE_HOME", "/proc", "/proc/holdfast"],
])("%s of %s is refused: Node would try to make it for ever", ([variable, path, told]) => {
  expect(() => stateHome({ [variable]: path })).toThrow(
    `${variable}: expected a directory on a disk, received "${told}"`,
  );
  expect(stateHome({ HOLDFAST_HOME: "/process" })).toBe("/process");
});

test("a home directory that is empty is refused, and not taken for the present one", () => {
  const before = process.env["HOME"];
  onTestFinished(() => {
    if (before === undefined) delete process.env["HOME"];
    else process.env["HOME"] = before;
  });
  process.env["HOME"] = "";

  expect(() => stateHome({})).toThrow('HOME: expected an absolute path, received ""');
});
