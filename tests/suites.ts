import * as path from "node:path";

export type Command = readonly [program: string, ...args: string[]];

/** A suite of tests. */
export interface Suite {
  readonly name: string;
  readonly command: Command;
  /** What it needs and takes minutes to make: started with the run, and waited for before the suite. */
  readonly preparation?: Command;
}

const JEST: Command = [process.execPath, path.join(path.dirname(__dirname), "node_modules/jest/bin/jest.js"), "--ci"];

/**
 * The suites, in lanes: a suite has only those of the other lanes beside it. A suite with labs mostly waits, so that
 * three of them share two cores. Every lab has its own prefix, subnet, ports and folder, and a test inspects only its
 * own lab; what does not fit into that, and therefore keeps to one lane:
 *
 * - e2e counts the labs of previews that the engine has, which nothing else brings up;
 * - verdicts, swarm and engines make machines in network namespaces of the same names;
 * - engines comes last, for its engine is compiled meanwhile.
 */
export const LANES: readonly (readonly Suite[])[] = [
  [{ name: "e2e", command: [...JEST, "--runInBand", "tests/e2e"] }],
  [
    { name: "lint", command: ["scripts/lint"] },
    { name: "unit", command: [...JEST, "tests/unit"] },
    { name: "scripts", command: [...JEST, "tests/scripts"] },
    {
      name: "assets",
      command: ["bash", "-c", '"$(scripts/python-tools)/bin/python" -m pytest -q -p no:cacheprovider tests/assets'],
    },
    { name: "security", command: [...JEST, "tests/security"] },
    { name: "recovery", command: [...JEST, "--runInBand", "tests/recovery"] },
  ],
  [
    { name: "verdicts", command: [...JEST, "--runInBand", "tests/verdicts"] },
    { name: "swarm", command: [...JEST, "--runInBand", "tests/swarm"] },
    {
      name: "engines",
      command: [...JEST, "--runInBand", "tests/engines"],
      // only root makes machines for them; the cores are for what is tested meanwhile
      preparation: [
        "bash",
        "-c",
        'if [ "$(id -u)" = 0 ] && command -v go >/dev/null; then exec nice -n 10 offline/build engine; fi',
      ],
    },
  ],
];
