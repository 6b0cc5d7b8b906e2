import { runtime } from "@pulumi/pulumi";
import { checkFolder } from "../../policy/grafana";
import type { ResourceId } from "../../policy/resource";
import { checkTree } from "../../policy/tree";
import { resource } from "../support/policies";

const DASHBOARD = "grafana:oss/dashboard:Dashboard";

/** A resource whose URN names these types, the last one its own. */
function subject(types: string[], name: string): ResourceId {
  return { type: types.at(-1) ?? "", name, urn: `urn:pulumi:test::observability-lab::${types.join("$")}::${name}` };
}

describe("a dashboard", () => {
  const flask = subject(["observability-lab:components:Lab", DASHBOARD], "flask-app-dashboard");

  it("is accepted with a uid and a folder, even before the folder exists", () => {
    const configJson = JSON.stringify({ uid: "lab-flask", title: "Flask", panels: [] });
    expect(checkFolder({ configJson, folder: "observability-lab" }, flask)).toStrictEqual([]);
    expect(checkFolder({ configJson, folder: runtime.unknownValue }, flask)).toStrictEqual([]);
  });

  it.each(['{"title":"Flask"}', '{"uid":""}', '{"uid":7}', "no JSON"])(
    "is rejected as %s in no folder",
    (configJson) => {
      const messages = [
        "flask-app-dashboard has no uid, so Grafana generates one, and links to it break in the next lab. " +
          'Set a fixed "uid" in configJson.',
        "flask-app-dashboard has no folder, so it would be among the dashboards of users. Set folder: grafana.folderUid.",
      ];
      expect(checkFolder({ configJson }, flask)).toStrictEqual(messages);
      expect(checkFolder({ configJson, folder: "" }, flask)).toStrictEqual(messages);
    },
  );
});

describe("the tree", () => {
  it.each([
    subject(["observability-lab:components:Lab"], "lab"),
    subject(["observability-lab:components:Lab", "docker:index/network:Network"], "lab-network"),
    subject(["observability-lab:components:Lab", "pulumi:providers:grafana"], "grafana-provider"),
    subject(["pulumi:pulumi:Stack"], "observability-lab-test"),
    subject(["pulumi:providers:docker"], "default_5_2_0"),
  ])("contains $type $name", (it) => {
    expect(checkTree(resource(it, {}))).toStrictEqual([]);
  });

  it.each([
    subject(["docker:index/container:Container"], "stray"),
    subject(["observability-lab:components:LabContainer", "docker:index/container:Container"], "stray"),
    subject(["observability-lab:components:Labels"], "stray"),
    subject(["pulumi:providers:grafana"], "grafana-provider"),
    subject(["docker:index/container:Container"], "default"),
    subject(["pulumi:providers:docker", "docker:index/container:Container"], "default_5_2_0"),
    { ...subject(["docker:index/container:Container"], "stray"), name: "lab" },
    {
      type: "docker:index/container:Container",
      name: "stray",
      urn: "urn:pulumi:test::observability-lab::observability-lab:components:Lab::$docker:index/container:Container::stray",
    },
  ])("does not contain $type $name", (it) => {
    expect(checkTree(resource(it, {}))).toStrictEqual([
      `${it.name} (${it.type}) is not below the component Lab, so no component owns it and orders its removal. ` +
        "Create it in a component below Lab, with { parent: this }.",
    ]);
  });
});
