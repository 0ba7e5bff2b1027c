import { expect, test } from "vitest";
import { toolOf } from "./tool-of.ts";

test.for<[line: string, names: string, isWhole: boolean]>([
  ["curl -f x", "curl", true],
  ["/usr/bin/curl x", "curl", true],
  ["/usr/bin/python3.11 x.py", "python3", true],
  ["sudo -u www-data -n curl x", "curl sudo", true],
  ["sudo -uwww-data A=b curl", "curl sudo", true],
  ["sudo --user www-data -- curl", "curl sudo", true],
  ["sudo --user=www-data curl", "curl sudo", true],
  ["env -i A=b C=d curl", "curl env", true],
  ["timeout -k 5s 10s curl", "curl timeout", true],
  ["nice -n 10 ionice -c 3 rsync a b", "rsync ionice nice", true],
  ["flock -n -E 75 /tmp/lock rsync a b", "rsync flock", true],
  ["flock", "flock", true],
  ["timeout 5", "timeout", true],
  ["xargs -n 1 curl", "curl xargs", false],
  ["prlimit --nofile=4 cp a b", "cp prlimit", true],
  ["ssh -p 22 host psql -c x", "psql sh ssh", true],
  ["ssh host", "ssh", true],
  ["bash backup.sh", "bash", false],
  ["bash", "bash", false],
  ["", "", true],
])("%s is %s", ([line, names, isWhole]) => {
  expect(toolOf(line.split(" "))).toEqual({ names: names.split(" "), isWhole });
});

test.for<[script: string, names: string, isWhole: boolean]>([
  ["curl -f x", "curl sh", true],
  ["exec curl x", "curl sh", true],
  ["A=b curl 'a;b' \"c|d\" > out 2>&1", "curl sh", true],
  ["timeout 5 curl x", "curl timeout sh", true],
  ["curl x | tar -x", "sh", false],
  ["curl x; true", "sh", false],
  ["curl x && true", "sh", false],
  ["curl $(cat url)", "sh", false],
  ['curl "$(cat url)"', "sh", false],
  ["curl x\ntrue", "sh", false],
  ["echo x > y", "sh", false],
  ["exit 3", "sh", false],
  ["", "sh", false],
])("sh -c %j is %s", ([script, names, isWhole]) => {
  expect(toolOf(["sh", "-c", script])).toEqual({ names: names.split(" "), isWhole });
});

test("flock -c takes a line for a shell", () => {
  expect(toolOf(["flock", "l", "-c", "curl x"])).toEqual({
    names: ["curl", "sh", "flock"],
    isWhole: true,
  });
});

test("wrappers without end come to an end", () => {
  const { names, isWhole } = toolOf(Array.from({ length: 100 }, () => "nohup"));

  expect([names.length, isWhole]).toEqual([10, false]);
});
