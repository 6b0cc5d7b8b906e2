import * as fs from "node:fs";
import * as path from "node:path";
import { UserLab } from "../support/userLab";

jest.setTimeout(300_000);

describe("the folder of a checkout", () => {
  it("has a passphrase that only its owner reads, even where files are made for everybody", async () => {
    const before = process.umask(0);
    const lab = await UserLab.create("checkout-", "172.30.104.0/24");
    try {
      await lab.prepare();
      const passphrase = path.join(lab.stateDir, "passphrase");
      expect((fs.statSync(passphrase).mode & 0o777).toString(8)).toBe("600");
      const text = fs.readFileSync(passphrase, "utf8").trim();
      expect(text.length).toBeGreaterThan(40);
      const others = fs
        .readdirSync(lab.stateDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== "passphrase")
        .map(({ parentPath, name }) => path.join(parentPath, name));
      expect(others.length).toBeGreaterThan(0);
      expect(others.filter((file) => fs.readFileSync(file, "utf8").includes(text))).toEqual([]);
    } finally {
      process.umask(before);
      await lab.remove();
    }
  });
});
