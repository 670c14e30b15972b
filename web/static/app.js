/* What the pages gain from scripts. Every page works without; each module finds its own elements. */
import { copying } from "./copy.js";
import { keys } from "./keys.js";
import { shelf } from "./shelf.js";
import { suggesting } from "./suggest.js";

suggesting(document);
keys();
copying();
shelf();
if (document.querySelector("[data-encounter]")) {
  import("./encounter.js").then((module) => module.encounter());
}
