import { expect, test } from "vitest";
import { parsePasswd, readUser } from "./user.ts";

const PASSWD =
  "root:x:0:0:root:/root:/bin/bash\n# a comment\nbroken:x:a:b\npost:x:26:27:Post,,:/var/post:/bin/sh\n";

test("a user of /etc/passwd", () => {
  expect(parsePasswd(PASSWD, "post")).toEqual({
    name: "post",
    uid: 26,
    gid: 27,
    home: "/var/post",
  });
});

test.for(["nobody", "broken", "# a comment", ""])("there is no user %j", (name) => {
  expect(parsePasswd(PASSWD, name)).toBeUndefined();
});

test("one that is nowhere is the caller's mistake", () => {
  expect(() => readUser("no-such-user", "command.user")).toThrow(
    'command.user: there is no user "no-such-user" here',
  );
});
