import "./design/tokens.css";
import "./design/base.css";
import { render } from "solid-js/web";
import { App } from "./app/App";
import { connectHost } from "./host";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");

const host = await connectHost();
render(() => <App host={host} />, root);
