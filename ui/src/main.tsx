import "./design/tokens.css";
import "./design/base.css";
import { start } from "./app/start";
import { connectHost } from "./host";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");

await start(root, connectHost, () => location.reload());
