import { expect, test } from "vitest";
import { findKernelDenial } from "./kernel-denial.ts";

const ALLOWED = { write: ["/out"], net: [], seen: ["/usr", "/in"], cutsNet: true };
const failed = (stderr: string) => ({ end: { stderr } });

test.for([
  [
    { code: "EROFS", path: "/x" },
    { permission: "write", value: "/x" },
  ],
  [{ code: "EROFS" }, { permission: "write" }],
  [{ code: "EACCES", path: "/x" }, undefined],
  [
    { errcode: 14, message: "unable to open database: /a b.db" },
    { permission: "write", value: "/a b.db" },
  ],
  [{ errcode: 14, message: "unable to open database: /out/a.db" }, undefined],
  [{ errcode: 1, message: "unable to open database: /a.db" }, undefined],
  [
    failed("sh: 1: cannot create /a b/c: Read-only file system\n"),
    { permission: "write", value: "/a b/c" },
  ],
  [
    failed("touch: cannot touch '/a': Read-only file system\n"),
    { permission: "write", value: "/a" },
  ],
  [{ code: "EROFS", path: "/out/x" }, undefined],
  [failed("sh: 1: cannot create in/new: Read-only file system\n"), { permission: "write" }],
  [failed("sh: 1: cannot create /out/new: Read-only file system\n"), undefined],
  [failed("tar: /a: Cannot open: Read-only file system\n"), { permission: "write", value: "/a" }],
  [
    failed("cat: /etc/shadow: No such file or directory\n"),
    { permission: "read", value: "/etc/shadow" },
  ],
  [
    failed("ls: cannot access '/a b': No such file or directory\n"),
    { permission: "read", value: "/a b" },
  ],
  [failed("sh: 1: cannot open /a: No such file\n"), { permission: "read", value: "/a" }],
  [failed("cat: /in/x: No such file or directory\n"), undefined],
  [failed("cat: in/x: No such file or directory\n"), undefined],
  [
    { stderr: Buffer.from("bash: line 1: uname: command not found\n") },
    { permission: "run", value: "uname" },
  ],
  [failed("x\nsh: 1: uname: not found\n"), { permission: "run", value: "uname" }],
  [failed("git: revision: not found\n"), undefined],
  [failed("curl: (6) Could not resolve host: a.example\n"), { permission: "net" }],
  [failed("no\n"), undefined],
  [undefined, undefined],
] as const)("%j lacks %j", ([error, denial]) => {
  expect(findKernelDenial(error, ALLOWED)).toEqual(denial);
});

test("a network that is there may fail by itself", () => {
  const error = failed("curl: (6) Could not resolve host: a.example\n");

  expect(findKernelDenial(error, { ...ALLOWED, net: ["*:443"] })).toBeUndefined();
});

test("where only the network is cut off, nothing is said of files", () => {
  const kept = { write: [], net: [], cutsNet: true };

  expect([
    findKernelDenial(failed("curl: (6) Could not resolve host: a.example\n"), kept),
    findKernelDenial(failed("cat: /a: No such file or directory\n"), kept),
    findKernelDenial({ code: "EROFS", path: "/x" }, kept),
  ]).toEqual([{ permission: "net" }, undefined, undefined]);
});
