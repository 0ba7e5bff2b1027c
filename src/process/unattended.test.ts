import { expect, test } from "vitest";
import { unattended } from "./unattended.ts";

const QUIET = {
  GIT_TERMINAL_PROMPT: "0",
  SSH_ASKPASS_REQUIRE: "never",
  DEBIAN_FRONTEND: "noninteractive",
  PGCONNECT_TIMEOUT: "10",
  LC_MESSAGES: "C",
};

test("messages are not translated, and all else of the language stays", () => {
  const env = { PATH: "/bin", LANG: "de_DE.UTF-8", LC_ALL: "fr_FR.UTF-8", LANGUAGE: "fr" };

  expect(unattended(env)).toEqual({
    ...QUIET,
    PATH: "/bin",
    LANG: "de_DE.UTF-8",
    LC_CTYPE: "fr_FR.UTF-8",
    LC_COLLATE: "fr_FR.UTF-8",
    LC_TIME: "fr_FR.UTF-8",
    LC_NUMERIC: "fr_FR.UTF-8",
    LC_MONETARY: "fr_FR.UTF-8",
  });
});

test("an empty LC_ALL says nothing", () => {
  expect(unattended({ LC_ALL: "", LC_TIME: "de_DE" })).toEqual({ ...QUIET, LC_TIME: "de_DE" });
});

test("what somebody has set stays", () => {
  expect(unattended({ PGCONNECT_TIMEOUT: "60", LC_MESSAGES: "de_DE" })).toEqual({
    ...QUIET,
    PGCONNECT_TIMEOUT: "60",
  });
});
