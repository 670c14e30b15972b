/* Recent codes and favourites. They never leave the browser. */
import { say } from "./copy.js";

const MOST_RECENT = 12;

function read(name) {
  try {
    const found = JSON.parse(localStorage.getItem(`codegraph-${name}`));
    return Array.isArray(found) ? found.filter((e) => e && typeof e.key === "string") : [];
  } catch {
    return [];
  }
}

function write(name, entries) {
  try {
    localStorage.setItem(`codegraph-${name}`, JSON.stringify(entries));
  } catch {
    /* storage is full or forbidden: the page works without */
  }
}

function address(key) {
  const [system, code] = key.split(/:(.*)/s);
  const on = new URLSearchParams(location.search).get("on");
  const end = on ? `?on=${encodeURIComponent(on)}` : "";
  return `/code/${encodeURIComponent(system)}/${encodeURIComponent(code)}${end}`;
}

function show(box) {
  const template = box.querySelector("template");
  for (const part of box.querySelectorAll("[data-list]")) {
    const list = part.querySelector("ol");
    list.replaceChildren(
      ...read(part.dataset.list).map(({ key, title }) => {
        const item = template.content.cloneNode(true);
        item.querySelector("a").href = address(key);
        const [system, code] = key.split(/:(.*)/s);
        item.querySelector(".code").textContent = system === "drug" ? "" : code;
        item.querySelector("span").textContent = title;
        return item;
      }),
    );
  }
}

export function shelf() {
  const page = document.querySelector("[data-visited]");
  if (page) {
    const entry = { key: page.dataset.visited, title: page.dataset.title };
    const others = (name) => read(name).filter((e) => e.key !== entry.key);
    write("recent", [entry, ...others("recent")].slice(0, MOST_RECENT));
    const star = page.querySelector("[data-star]");
    const starred = () => read("favourites").some((e) => e.key === entry.key);
    const paint = () => star.setAttribute("aria-pressed", String(starred()));
    star.addEventListener("click", () => {
      write("favourites", starred() ? others("favourites") : [entry, ...others("favourites")]);
      paint();
    });
    addEventListener("storage", paint);
    paint();
  }
  const box = document.querySelector("[data-shelf]");
  if (!box) return;
  const clear = box.querySelector("[data-clear]");
  clear.addEventListener("click", () => {
    write("recent", []);
    write("favourites", []);
    show(box);
    say(clear.dataset.done);
  });
  addEventListener("storage", () => show(box));
  addEventListener("pageshow", () => show(box));
  show(box);
}
