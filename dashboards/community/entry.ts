import { CommunityDashboard } from "../../lib/settings/settings";

/** The text of a community dashboard, as its authors exported it. */
export interface CatalogueEntry extends CommunityDashboard {
  readonly json: string;
}
