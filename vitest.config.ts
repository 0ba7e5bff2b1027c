import { defineConfig } from "vitest/config";
import { COMPILED } from "./test/compiled.ts";

const source = ["holdfast:source"];

/**
 * Three sets of tests: `main` needs nothing but Node and npm, `system` what a Debian machine brings,
 * `package` a packed tarball.
 */
export default defineConfig({
  // So that tests import "holdfast" from src/.
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source, externalConditions: source } },
  test: {
    pool: "forks",
    // Vitest would leave one core to itself: of two, half of the machine.
    maxWorkers: "100%",
    env: COMPILED,
    coverage: {
      include: ["src/**"],
      exclude: ["**/*.test.ts", "**/*.contract.ts"],
      thresholds: { lines: 95 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: "main",
          include: ["src/**/*.test.ts", "test/*.test.ts"],
          exclude: ["test/package.test.ts"],
          globalSetup: ["test/postgres/global-setup.ts"],
          // Two noisy cores: what takes milliseconds may take seconds when all files run at once.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["test/system/*.test.ts"],
          // These install, download and build.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "package",
          include: ["test/package.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
