import { CommunityDashboard } from "../../lib/settings/settings";

/** A community dashboard with its JSON as exported by its authors. */
export interface CatalogueEntry extends CommunityDashboard {
  readonly json: string;
}
