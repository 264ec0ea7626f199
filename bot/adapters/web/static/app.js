// Makes a chat of the page: without this script the form and all links work by themselves.

const form = document.getElementById("ask");
const input = document.getElementById("q");
const list = document.getElementById("completions");
const transcript = document.getElementById("transcript");
const status = document.getElementById("status");
const notice = document.getElementById("notice");
const template = document.getElementById("exchange");
const name = document.querySelector(".home").textContent;

const asked = []; // lines, oldest first
let recalled = null; // place in `asked` while arrow keys walk through it
let count = 0; // answers so far; makes their ids unique
const pagesOf = new WeakMap(); // exchange -> HTML of its pages

document.documentElement.classList.add("scripted");
if (navigator.clipboard) document.documentElement.classList.add("clipboard");

const addressOf = (line) => `?${new URLSearchParams({ q: line })}`;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// --- instants, in the reader's own time zone ---------------------------------------------------------------

const clock = new Intl.DateTimeFormat("en-GB", {
  weekday: "long", day: "numeric", month: "long", year: "numeric",
  hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
});

function localise(element) {
  for (const moment of element.querySelectorAll("time.moment")) {
    moment.title = moment.textContent; // what the answer itself says
    moment.textContent = clock.format(new Date(moment.dateTime));
  }
}

// --- asking ---------------------------------------------------------------------------------------------

async function read(path, parameters, signal) {
  const response = await fetch(`${path}?${new URLSearchParams(parameters)}`, { signal });
  const content = await response.json();
  if (!response.ok) throw new Error(content.error);
  return content;
}

async function ask(line, { follow = false } = {}) {
  closeList();
  status.textContent = ""; // so that the same words are announced again
  asked.push(line);
  recalled = null;
  const exchange = template.content.firstElementChild.cloneNode(true);
  exchange.querySelector(".question bdi").textContent = line;
  exchange.setAttribute("aria-busy", "true");
  transcript.append(exchange);
  show(exchange);
  count += 1;
  try {
    const answer = await read("/api/answer", { q: line, n: count });
    pagesOf.set(exchange, answer.pages);
    exchange.querySelector(".reply").innerHTML = answer.pages[0];
    localise(exchange);
    exchange.querySelector(".json pre").textContent = JSON.stringify(answer.reply, null, 2);
    announce(exchange, answer);
    if (answer.reply.wanted) {
      setLine(`/${answer.reply.wanted.command.replace(/^\//, "")} `);
      input.focus();
    } else if (follow) {
      exchange.querySelector("h2").focus({ preventScroll: true });
    }
    document.title = `${answer.reply.title} – ${name}`;
    history.replaceState(null, "", addressOf(line));
  } catch (error) {
    problem(exchange, error);
  }
  exchange.removeAttribute("aria-busy");
  show(exchange);
}

function announce(exchange, { spoken, notice: words }) {
  const news = words !== notice.textContent ? words : "";
  status.textContent = `${spoken} ${news}`.trim();
  notice.textContent = words;
  notice.hidden = !words;
  exchange.querySelector(".reply").before(notice); // where the reader looks now
}

function problem(exchange, error) {
  const unreachable = error instanceof TypeError;
  const words = unreachable
    ? "The server does not answer. Start it again, then ask again."
    : error.message || "The answer could not be read. Ask again.";
  const paragraph = document.createElement("p");
  paragraph.className = "problem";
  paragraph.textContent = words;
  exchange.querySelector(".reply").replaceChildren(paragraph);
  exchange.querySelector(".json").remove();
  status.textContent = words;
}

function show(element) {
  element.scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
}

async function turn(exchange, number) {
  const line = exchange.querySelector(".question bdi").textContent;
  if (!pagesOf.has(exchange)) {
    try {
      count += 1;
      pagesOf.set(exchange, (await read("/api/answer", { q: line, n: count })).pages);
    } catch (error) {
      problem(exchange, error);
      return;
    }
  }
  const pages = pagesOf.get(exchange);
  exchange.querySelector(".reply").innerHTML = pages[number - 1] ?? pages[0];
  localise(exchange);
  exchange.querySelector("h2").focus({ preventScroll: true });
  show(exchange);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const line = input.value;
  if (!line.trim()) return;
  setLine("");
  ask(line);
});

transcript.addEventListener("submit", (event) => {
  const exchange = event.target.closest(".exchange");
  if (!exchange || !event.submitter) return;
  event.preventDefault();
  turn(exchange, Number(event.submitter.value));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
    if (event.target.closest(".copy")) copy(event.target.closest(".copy"));
    return;
  }
  if (link.classList.contains("share")) return;
  if (link.classList.contains("cite")) return remember(link);
  const line = new URL(link.href).searchParams.get("q");
  if (link.getAttribute("href").startsWith("?q=") && line) {
    event.preventDefault();
    ask(line, { follow: true });
  }
});

// The way back from a source line leads to the citation that was followed.
function remember(cite) {
  const source = document.getElementById(cite.hash.slice(1));
  source?.querySelector(".back")?.setAttribute("href", `#${cite.id}`);
}

async function copy(button) {
  const link = button.closest("footer").querySelector(".share");
  try {
    await navigator.clipboard.writeText(link.href);
    button.textContent = "Copied";
    status.textContent = "The link was copied.";
    setTimeout(() => (button.textContent = "Copy link"), 3000);
  } catch {
    status.textContent = "The browser did not allow copying. Copy the link beside the button.";
    link.focus();
  }
}

// --- completion: the editable combobox with a list popup of the ARIA Authoring Practices -------------------

let completions = [];
let active = -1;
let offered = false; // whether Tab may still take the first completion; otherwise it leaves the input
let pending = null;

input.setAttribute("role", "combobox");
input.setAttribute("aria-autocomplete", "list");
input.setAttribute("aria-controls", list.id);
input.setAttribute("aria-expanded", "false");

async function complete() {
  pending?.abort();
  pending = new AbortController();
  const line = input.value;
  try {
    const found = await read("/api/complete", { q: line }, pending.signal);
    if (line === input.value && document.activeElement === input) openList(found.completions);
  } catch {
    // Completion is a convenience: a request that was overtaken or failed leaves the input as it is.
  }
}

function openList(found) {
  completions = found.filter((one) => one.line.trimEnd() !== input.value.trimEnd());
  list.replaceChildren(...completions.map(optionFor));
  list.hidden = !completions.length;
  input.setAttribute("aria-expanded", String(!list.hidden));
  activate(-1);
}

function closeList() {
  pending?.abort();
  openList([]);
}

function optionFor(completion, index) {
  const option = document.createElement("li");
  option.id = `completion-${index}`;
  option.setAttribute("role", "option");
  for (const [kind, words] of [["label", completion.label], ["hint", completion.hint]]) {
    const part = document.createElement("span");
    part.className = kind;
    part.textContent = words;
    option.append(part, " ");
  }
  return option;
}

function activate(index) {
  active = index;
  for (const [place, option] of [...list.children].entries()) {
    option.setAttribute("aria-selected", String(place === index));
    if (place === index) option.scrollIntoView({ block: "nearest" });
  }
  if (index < 0) input.removeAttribute("aria-activedescendant");
  else input.setAttribute("aria-activedescendant", `completion-${index}`);
}

function accept(index) {
  setLine(completions[index].line);
  offered = false;
  complete();
}

function setLine(line) {
  input.value = line;
  input.setSelectionRange(line.length, line.length);
  input.scrollLeft = input.scrollWidth;
}

function recall(step) {
  const place = (recalled ?? asked.length) + step;
  if (place < 0 || place > asked.length) return;
  recalled = place === asked.length ? null : place;
  setLine(asked[place] ?? "");
}

input.addEventListener("input", () => {
  recalled = null;
  offered = true;
  if (input.value && input.checkValidity()) complete();
  else closeList();
});
input.addEventListener("blur", closeList);
list.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus in the input
list.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) accept([...list.children].indexOf(option));
});

input.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey) return;
  const open = !list.hidden;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && open) {
    const size = completions.length + 1; // one more place: none active, the typed line itself
    activate(((active + 1 + step + size) % size) - 1);
  } else if (step === -1 && (!input.value || recalled !== null)) {
    recall(-1);
  } else if (step === 1 && recalled !== null) {
    recall(1);
  } else if (step === 1) {
    complete();
  } else if (event.key === "Enter" && open && active >= 0) {
    accept(active);
  } else if (event.key === "Tab" && !event.shiftKey && open && (active >= 0 || offered)) {
    accept(Math.max(active, 0));
  } else if (event.key === "Escape" && open) {
    closeList();
  } else {
    return;
  }
  event.preventDefault();
});

// --- start ------------------------------------------------------------------------------------------------

localise(document);
const first = new URLSearchParams(location.search).get("q");
if (first?.trim()) asked.push(first);
else if (matchMedia("(pointer: fine)").matches) input.focus({ preventScroll: true });
