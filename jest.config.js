"use strict";

/** The suites are chosen by folder: `npx jest tests/unit`, `npx jest tests/e2e`. */
module.exports = {
  testMatch: ["**/tests/{unit,scripts,e2e,verdicts,security,recovery,swarm,engines}/**/*.test.ts"],
  testEnvironment: "node",
  // types are checked by `make lint`; a run only strips them, as everywhere in the project
  transform: { "\\.ts$": "@sucrase/jest-plugin" },
  // loaded with every test file, and used by none
  moduleNameMapper: { "^typescript$": "<rootDir>/tests/withoutCompiler.js" },
  modulePathIgnorePatterns: ["<rootDir>/.lab/", "<rootDir>/offline/"],
  // jest keeps one core free, which is half of a small machine
  maxWorkers: "100%",
  // in the ignored folder, and not in the temporary one of the machine
  cacheDirectory: "<rootDir>/.lab/jest",
  // in milliseconds; some start a program, which on a busy machine takes longer than the default
  testTimeout: 30_000,
  // a test that leaves a spy or a variable behind must not decide the next one
  restoreMocks: true,
};
