import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { Machine } from "../../lib/docker/machine";
import { Settings } from "../../lib/settings/settings";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { PROJECT } from "../../lib/shared/assets";
import { throwProblems } from "../../lib/shared/problems";
import { Commands } from "../pull-request/commands";
import { composeOutputs, writeComposeFiles } from "./composeFiles";
import { benchEnvironment, expectOk, System } from "./system";
import { settingsOf, Workspace } from "./workspace";

/** The same lab by docker compose and the scripts of tools/bench/compose. */
export function composeLab(place: Workspace, machine: Machine): System {
  const commands = new Commands(benchEnvironment(place));
  const files = [path.join(PROJECT, `Pulumi.${place.stack}.yaml`), path.join(place.folder, "settings.yaml")];
  const script = (name: string) => async (): Promise<void> => {
    await expectOk(commands, commands.run(`../tools/bench/compose/${name}`, [place.folder]));
  };
  const program = async (name: string, args: readonly string[], stdin = ""): Promise<void> => {
    const options = [
      "--require",
      path.join(PROJECT, "lib", "runtime", "stripTypes.js"),
      path.join(PROJECT, name),
      ...args,
    ];
    await expectOk(commands, commands.run(process.execPath, options, { stdin }));
  };
  const settings = (): Settings => {
    const read = readStackFiles(files);
    throwProblems(read.problems);
    return read.settings;
  };
  let held: Record<string, unknown> = {};
  const configure = (changes: Record<string, unknown>): void => {
    held = { ...held, ...changes };
    const named = Object.entries(held).map(([key, value]) => [`observability-lab:${key}`, value] as const);
    fs.writeFileSync(files[1] ?? "", stringify({ config: Object.fromEntries(named) }));
    writeComposeFiles(place, settings(), machine);
  };
  const renderDashboards = async (): Promise<void> => {
    const folder = path.join(place.folder, "dashboards");
    fs.rmSync(folder, { recursive: true, force: true });
    await program("scripts/dashboards.ts", [folder, ...files]);
  };
  return {
    name: "compose",
    place,
    commands,
    dockerLabel: `com.docker.compose.project=${place.lab}`,
    prepare: async (size) => {
      fs.mkdirSync(place.stateHome, { recursive: true, mode: 0o700 });
      held = await settingsOf(place, size);
      configure({});
      await renderDashboards();
    },
    up: script("up"),
    verify: () => program("tools/verify/main.ts", [], JSON.stringify(composeOutputs(place, settings()))),
    upAgain: script("up"),
    editInterval: (scrapeInterval) => {
      configure({ scrapeInterval });
      return Promise.resolve(script("rescrape"));
    },
    editDashboards: async () => {
      await renderDashboards();
      return script("provision");
    },
    destroy: async () => {
      if (fs.existsSync(path.join(place.folder, ".env"))) {
        const { ok, messages } = await commands.run("../tools/bench/compose/destroy", [place.folder]);
        if (!ok) {
          throw new Error(messages);
        }
      }
    },
    outputs: () => Promise.resolve(composeOutputs(place, settings())),
  };
}
