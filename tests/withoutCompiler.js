"use strict";

// @pulumi/pulumi loads the compiler of TypeScript with every test file, and asks it only about functions that a
// program hands over as resources; the lab has none.
