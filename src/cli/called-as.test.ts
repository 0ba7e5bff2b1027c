import { homedir } from "node:os";
import { expect, test } from "vitest";
import type { Environment } from "../journal/home.ts";
import { calledAs } from "./called-as.ts";

test.for<[script: string, env: Environment, words: string]>([
  ["/usr/bin/holdfast", {}, "holdfast"],
  ["/srv/app/node_modules/.bin/holdfast", {}, "npx holdfast"],
  ["/srv/app/node_modules/holdfast/dist/cli/main.js", {}, "npx holdfast"],
  ["/srv/holdfast/src/cli/main.ts", {}, "node /srv/holdfast/src/cli/main.ts"],
  ["/srv/my app/main.ts", {}, "node '/srv/my app/main.ts'"],
  ["/srv/main.ts", { npm_lifecycle_event: "holdfast" }, "npm run holdfast --"],
  ["/usr/bin/holdfast", { HOLDFAST_HOME: "/my state" }, "HOLDFAST_HOME='/my state' holdfast"],
  ["/usr/bin/holdfast", { XDG_STATE_HOME: "/xdg" }, "HOLDFAST_HOME=/xdg/holdfast holdfast"],
  ["/usr/bin/holdfast", { XDG_STATE_HOME: `${homedir()}/.local/state` }, "holdfast"],
])("%s with %o is called as %s", ([script, env, words]) => {
  expect(calledAs(script, env)).toBe(words);
});
