import { buildLab } from "../support/fixtures";
import { resource } from "../support/mocks";

const RECEIVERS = [
  { url: "https://a.example.org/write" },
  { url: "https://b.example.org/write", username: "lab", password: "P4SSW0RD" },
  { url: "https://c.example.org/write", bearerToken: "T0K3N" },
];

describe("a lab with receivers of remote write", () => {
  it("has their credentials in secrets of Prometheus' files, and nowhere else", async () => {
    const { registrations } = await buildLab({ settings: { remoteWrite: JSON.stringify(RECEIVERS) } });
    const holders = registrations.filter(({ inputs }) => /P4SSW0RD|T0K3N/.test(JSON.stringify(inputs)));
    expect(holders.map(({ name, secretInputs }) => [name, secretInputs])).toStrictEqual([
      ["prometheus-config-files", ["triggers"]],
    ]);
    const [, ...files] = holders[0]?.inputs.triggers as [string, ...{ file: string; content: string }[]];
    expect(files.filter(({ file }) => file.startsWith("remote_write"))).toStrictEqual([
      { file: "remote_write_1", content: "P4SSW0RD" },
      { file: "remote_write_2", content: "T0K3N" },
    ]);
    const others = files.filter(({ file }) => !file.startsWith("remote_write"));
    expect(others.map(({ content }) => content).join("")).not.toMatch(/P4SSW0RD|T0K3N/);
  });

  it("has a Prometheus that does not wait for them until it is killed", async () => {
    const { registrations } = await buildLab({ settings: { remoteWrite: JSON.stringify(RECEIVERS) } });
    expect(resource(registrations, "prometheus-container").inputs.command).toContain(
      "--storage.remote.flush-deadline=1s",
    );
  });
});

describe("a lab without receivers", () => {
  it("has neither a secret nor a flag for them", async () => {
    const { registrations } = await buildLab();
    expect(resource(registrations, "prometheus-config-files").secretInputs).toStrictEqual([]);
    expect(JSON.stringify(resource(registrations, "prometheus-config-files").inputs)).not.toContain("remote_write");
    const { command } = resource(registrations, "prometheus-container").inputs;
    expect(command).not.toContainEqual(expect.stringContaining("remote"));
  });
});
