// Shows the messages of payload.js (window.PAYLOAD: {title, command, messages: [{text, blocks}], theme}) as Slack does.
import { createRoot } from "react-dom/client";
import { Message } from "slack-blocks-to-jsx";
import "slack-blocks-to-jsx/dist/style.css";

const logo =
  "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="6" fill="#1d3557"/>' +
      '<path d="M9 10h18v3H9zm0 6h18v3H9zm0 6h11v3H9z" fill="#f1faee"/></svg>',
  );
const { command, messages, theme } = window.PAYLOAD;
const dark = theme === "dark";
const data = { users: [{ id: "U0ADA", name: "ada" }], channels: [], user_groups: [] };

document.body.style = `margin:0;padding:16px 20px;background:${dark ? "#1a1d21" : "#fff"};font-family:Lato,system-ui,sans-serif`;
createRoot(document.getElementById("root")).render(
  <div style={{ maxWidth: 720 }}>
    {command && <p style={{ color: dark ? "#ababad" : "#616061", fontSize: 13, margin: "0 0 8px" }}>{command}</p>}
    {messages.map((one, index) => (
      <Message
        key={index}
        name="Briefing"
        logo={logo}
        blocks={one.blocks}
        time={new Date(2026, 10, 22, 9, 30)}
        theme={dark ? "dark" : "light"}
        data={data}
      />
    ))}
  </div>,
);
setTimeout(() => {
  // The renderer says so of menus that Slack fills from the bot.
  for (const one of document.querySelectorAll("#root *"))
    if (one.childElementCount === 0 && one.textContent === "Requires external data source") one.remove();
  document.documentElement.dataset.height = Math.ceil(document.getElementById("root").getBoundingClientRect().height);
}, 1000);
