import { render } from "preact";
import { App } from "./app";
import { watchForms } from "./forms";
import { watchActivity } from "./lock";
import { readSettings } from "./state";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/components.css";
import "./styles/overlays.css";
import "./styles/table.css";
import "./styles/pages.css";
import "./styles/print.css";

const root = document.getElementById("app");
if (root !== null) {
  watchActivity();
  watchForms();
  void readSettings();
  render(<App />, root);
}
