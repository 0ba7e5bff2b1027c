import fc from "fast-check";
import { expect, test } from "vitest";
import { scriptHabits, shellScript } from "./shell-script.ts";

test.for<[line: string, file: string | undefined, flags: string, isSure: boolean]>([
  ["bash x.sh", "x.sh", "", true],
  ["bash -eu x.sh a -c", "x.sh", "-eu", true],
  ["bash -euo pipefail x.sh", "x.sh", "-euo pipefail", true],
  ["bash -- -x.sh", "-x.sh", "", true],
  ["sudo -u a timeout 5 /bin/sh x.sh", "x.sh", "", true],
  ["./x.sh a", "./x.sh", "", false],
  ["/usr/bin/curl x", "/usr/bin/curl", "", false],
  ["ssh host bash -e x.sh", undefined, "-e", true],
  ["bash", undefined, "", true],
])("%s runs the file %s", ([line, file, flags, isSure]) => {
  expect(shellScript(line.split(" "))).toEqual({
    file,
    flags: flags.split(" ").filter(Boolean),
    isSure,
  });
});

test.for([["curl x"], ["ssh host ./x.sh"], ["x.sh"]])(
  "%s runs no file that can be read",
  ([line = ""]) => {
    expect(shellScript(line.split(" "))).toBeUndefined();
  },
);

test.for([
  [["sh", "-ec", "a; b"], "a; b", ["-ec"]],
  [["bash", "-o", "pipefail", "-c", "a; b", "x"], "a; b", ["-o", "pipefail", "-c"]],
  [["ssh", "host", "a;", "b"], "a; b", ["-c"]],
] as const)("%j runs the text %s", ([argv, text, flags]) => {
  expect(shellScript(argv)).toEqual({ text, flags, isSure: true });
});

const GOES_ON = { stopsAtFailure: false, hasTrap: false };
const STOPS = { stopsAtFailure: true, hasTrap: false };

test.for<[text: string, habits: object | undefined]>([
  ["#!/bin/sh\nls", GOES_ON],
  ["#!/bin/sh -e\nls", STOPS],
  ["#!/usr/bin/env bash\nset -euo pipefail\nls", STOPS],
  ["#! /usr/bin/env -S bash -eu\nls", STOPS],
  ["#!/bin/bash\nset -o errexit -o nounset", STOPS],
  ["#!/bin/bash\nset -u -o pipefail -e", STOPS],
  ["#!/bin/bash\ncd /x && set -e; ls", STOPS],
  ["#!/bin/bash\nif true; then set -ex; fi", STOPS],
  ["#!/bin/bash\n# set -e\nset -u\necho set -e\nreset -e", GOES_ON],
  ["#!/bin/bash\nset -x; unset -e", GOES_ON],
  ["#!/bin/bash\nset -e\ntrap 'rm -f x' EXIT", { stopsAtFailure: true, hasTrap: true }],
  ["#!/bin/bash\n  trap clean_up INT TERM EXIT", { stopsAtFailure: false, hasTrap: true }],
  ["#!/bin/sh\ntrap 'rm x\nrm y' EXIT", { stopsAtFailure: false, hasTrap: true }],
  ["#!/bin/sh\ntrap 'rm x' 0", { stopsAtFailure: false, hasTrap: true }],
  ["#!/bin/sh\ntrap '' PIPE\nexit 0", GOES_ON],
  ["#!/bin/sh\ntrap - EXIT", GOES_ON],
  ["#!/usr/bin/python3\nset -e", undefined],
  ["\u007fELF set -e", undefined],
  ["set -e", undefined],
  ["", undefined],
])("the habits of %j", ([text, habits]) => {
  expect(scriptHabits(text, { flags: [], isSure: false })).toEqual(habits);
});

test("a shell that is named needs no first line, and its own flags count", () => {
  const asked = (text: string, ...flags: string[]) => scriptHabits(text, { flags, isSure: true });

  expect([
    asked("set -e; a"),
    asked("a", "-euc"),
    asked("a", "-o", "errexit"),
    asked("#!/bin/sh -e\na", "-u"),
  ]).toEqual([STOPS, STOPS, STOPS, GOES_ON]);
});

test("whatever stands in a script, what is added behind set -e does not take it away", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
      const habits = scriptHabits(`#!/bin/sh\nset -e\n${text}`, { flags: [], isSure: false });

      expect(habits?.stopsAtFailure).toBe(true);
    }),
  );
});
