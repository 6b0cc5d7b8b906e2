import { withoutFilters } from "../../tools/verify/panels/withoutFilters";

describe("a query without what drops series", () => {
  it.each([
    ["up == 0", "up == bool 0"],
    ['a{b!="c > d"} > on (job) group_left () b', 'a{b!="c > d"} > bool on (job) group_left () b'],
    ["a > bool 1", "a > bool 1"],
    ["up unless on (job) down", "up or on (job) down"],
    ['absent(up{job="unless"})', 'group(up{job="unless"})'],
    ["absent_over_time(up[5m]) >= 1", "present_over_time(up[5m]) >= bool 1"],
    ["(a == 0) or (b != 0)", "(a == bool 0) or (b != bool 0)"],
    ["sum(rate(a[5m])) / sum(b)", "sum(rate(a[5m])) / sum(b)"],
  ])("%s is %s", async (query, without) => {
    await expect(withoutFilters(query)).resolves.toBe(without);
  });
});
