import * as fs from "node:fs";
import * as path from "node:path";
import { copyCheckout } from "../support/checkouts";
import { labelled, machineStack } from "../support/harness";
import { expectOk, UserLab } from "../support/userLab";
import { BAD_INPUTS, BadInput, ownSettings } from "./badInputs";
import { BAD_SETTINGS } from "./badSettings";

jest.setTimeout(300_000);

let lab: UserLab;
let settings: string;

beforeAll(async () => {
  lab = await UserLab.create("bad-", "172.30.110.0/24");
  await lab.prepare();
  settings = fs.readFileSync(ownSettings(lab), "utf8");
});

afterEach(() => {
  fs.writeFileSync(ownSettings(lab), settings);
  for (const kind of ["container", "network", "volume"] as const) {
    expect(labelled(kind, lab.lab)).toEqual([]);
  }
  expect(fs.readdirSync(lab.stateHome)).toEqual([]);
});

afterAll(async () => {
  await lab.remove();
});

/** What `up` says, with the names of this lab. */
function inPlace(says: string): string {
  return says
    .replaceAll("<folder>", lab.folder)
    .replaceAll("<state>", lab.stateDir)
    .replaceAll("<stack>", machineStack());
}

/** Every line that `up` prints when it refuses. */
async function refusal({ settings: changes, env, breaking }: Omit<BadInput, "what" | "says">): Promise<string[]> {
  lab.configure(changes?.(lab.folder) ?? {});
  const restore = await breaking?.(lab);
  try {
    const { ok, output } = await lab.run("pulumi", ["up", "--yes", "--skip-preview"], env?.(lab.folder)).outcome;
    expect(ok).toBe(false);
    return output.split("\n").map((line) => line.trim());
  } finally {
    await restore?.();
  }
}

describe("up refuses, before anything is created,", () => {
  it.each(BAD_SETTINGS.map((inputs) => [inputs.map(([setting]) => setting).join(", "), inputs] as const))(
    "all of these settings at once: %s",
    async (_, inputs) => {
      const changes = Object.fromEntries(inputs.map(([setting, value]) => [setting, value]));
      const output = await refusal({ settings: () => ({ prometheusPort: 9090, ...changes }) });
      expect(output.filter((line) => line.startsWith("- ")).sort()).toEqual(
        inputs.map(([setting, , says]) => `- ${setting}${says}`).sort(),
      );
    },
  );

  it.each(BAD_INPUTS.map((input) => [input.what, input] as const))("%s", async (_, { says, ...input }) => {
    const output = await refusal(input);
    expect(output).toContainEqual(inPlace(says));
  });
});

describe("up breaks off", () => {
  it("at a checkout that is not whole, and destroy removes what there is by then", async () => {
    const whole = lab.checkout;
    lab.checkout = path.join(lab.folder, "checkout");
    copyCheckout(lab.checkout);
    fs.rmSync(path.join(lab.checkout, "assets", "flask", "requirements.txt"));
    try {
      expect(await refusal({})).toContainEqual(
        "error: assets/flask/requirements.txt cannot be read (ENOENT); restore it, such as with git checkout assets/flask/requirements.txt",
      );
    } finally {
      lab.checkout = whole;
      await expectOk(lab.destroy());
    }
  });
});
