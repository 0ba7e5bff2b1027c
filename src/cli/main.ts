#!/usr/bin/env node
/** The bin: builds the world once, and hands over. */

// As a whole, for an older Node has no compile cache, and would fail before it could say why.
import module from "node:module";

const NEEDED_MAJOR = 24;
const runningMajor = Number(process.versions.node.split(".")[0]);

if (runningMajor < NEEDED_MAJOR) {
  process.stderr.write(
    `holdfast: Node ${NEEDED_MAJOR} or newer is needed, and this is ${process.versions.node}; install it from your distribution or with your version manager\n`,
  );
  process.exitCode = 78;
} else {
  // Not imported statically: an older Node would fail on what is in there, before it could say why.
  const { codeHome } = await import("./code-home.ts");
  const directory = codeHome(process.env);
  if (directory !== undefined) module.enableCompileCache(directory);
  const words = process.argv.slice(2);
  if (words[0] === "exec") await (await import("./exec-start.ts")).startExec(words);
  else {
    const { start } = await import("./start.ts");
    const { COMMANDS } = await import("./commands.ts");
    await start(words, COMMANDS);
  }
}
