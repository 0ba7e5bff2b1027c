import { expect, test } from "vitest";
import { redactor } from "../../core/redact.ts";
import { isSecretLine, secretsIn } from "./secret-arguments.ts";

const NONE = redactor();

test.for<[line: readonly string[], found: readonly string[]]>([
  [["x", "--password=hunter2supersecret"], ["hunter2supersecret"]],
  [["x", "--password", "hunter2"], ["hunter2"]],
  [["x", "API_TOKEN=hunter2"], ["hunter2"]],
  [["curl", "-u", "ann:hunter2", "http://a"], ["hunter2"]],
  [["psql", "postgres://ann:hunter2@db/main"], ["ann:hunter2"]],
  [
    ["sh", "-c", "A_TOKEN=abcdef1 B_PASSWORD=abcdef2 x"],
    ["abcdef1", "abcdef2"],
  ],
  [["/usr/bin/mysqldump", "-phunter2", "main"], ["hunter2"]],
  [["sshpass", "-phunter2", "ssh", "a"], ["hunter2"]],
  [["x", "--password=$ecret12"], ["$ecret12"]],
  [["mkdir", "-parents"], []],
  [["mysql", "-p***"], []],
  [["x", "--password=***"], []],
  [["x", "--password-file=/run/pw", "--max-tokens=100", "--password"], []],
  [["sh", "-c", 'A_TOKEN=$(cat token) B_PASSWORD="$PW" C_PASSWORD=${PW:-} x'], []],
  [["echo", "password", "email", "city"], []],
  [["x", "a".repeat(100_000)], []],
  [["x", `A_TOKEN=hunter2 ${"a".repeat(100_000)}`], ["hunter2"]],
])("%j", ([argv, found]) => {
  expect(secretsIn(argv, NONE)).toEqual(found);
});

test.for([
  ["curl --token=hunter2 http://a", true],
  ['curl --token="$TOKEN" http://a', false],
  ["gzip --test out.gz", false],
])("a line %s", ([line, is]) => {
  expect(isSecretLine(line as string, NONE)).toBe(is);
});
