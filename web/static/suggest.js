/* Suggestions under a field (the ARIA combobox with a list).

   data-suggest="go": choosing opens the page. "fill": choosing writes the code into the field.
   "names": the same from the field's datalist; data-suggest-keep="alias" writes the alias that matched.
   data-suggest-system and data-suggest-billable narrow the search.
   At most one request is in the air; an answer to an older question is dropped. */
import { say } from "./copy.js";

const WAIT = 90; // ms without a key before asking
const NAMED = new Set(["icd10cm", "cpt", "hcpcs", "modifier"]);
const UNMARKED = new Set("of in the and or with without to on at by for due".split(" "));
let lists = 0;

const piece = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/* Show `text` in `element`, the beginnings of words that stand in the query marked. */
export function mark(element, text, wordings) {
  const found = wordings.join(" ").toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) || [];
  const words = new Set(found.filter((word) => !UNMARKED.has(word)));
  element.replaceChildren();
  if (!words.size) {
    element.textContent = text;
    return;
  }
  const longest = [...words].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${longest.join("|")})`, "giu");
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    element.append(text.slice(done, match.index));
    const part = document.createElement("mark");
    part.textContent = match[0];
    element.append(part);
    done = match.index + match[0].length;
  }
  element.append(text.slice(done));
}

class Suggestions {
  constructor(field) {
    this.field = field;
    this.mode = field.dataset.suggest;
    this.words = document.getElementById("suggest-words");
    this.box = piece("suggestions");
    this.list = this.box.querySelector("ul");
    this.list.id = `suggestions-${++lists}`;
    this.options = [];
    this.active = -1;
    this.timer = 0;
    this.asked = null; // the request in the air
    this.next = ""; // what to ask once that is over
    this.shown = ""; // the query that the list answers
    const holder = field.closest(".find, .field, .two > div, .rows li") || field.parentElement;
    if (getComputedStyle(holder).position === "static") holder.classList.add("field");
    holder.append(this.box);
    const roles = { role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": this.list.id };
    for (const [name, value] of Object.entries(roles)) field.setAttribute(name, value);
    field.addEventListener("input", () => this.typed());
    field.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => {
      clearTimeout(this.timer);
      this.stop();
      this.close();
    });
    this.box.addEventListener("mousedown", (event) => event.preventDefault());
  }

  typed() {
    clearTimeout(this.timer);
    const query = this.field.value.trim();
    if (query.length < 2) {
      this.stop();
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.ask(query), WAIT);
  }

  stop() {
    this.next = "";
    if (this.asked) this.asked.abort();
  }

  async ask(query) {
    if (this.asked) {
      this.asked.abort();
      this.next = query;
      return;
    }
    const asked = (this.asked = new AbortController());
    try {
      const response = await fetch(this.address(query), { signal: asked.signal, headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      const answer = await response.json();
      const wanted = !asked.signal.aborted && query === this.field.value.trim();
      if (wanted && document.activeElement === this.field) this.show(query, answer);
    } catch (error) {
      if (error.name !== "AbortError") {
        this.close();
        say(this.words.dataset.late);
      }
    } finally {
      this.asked = null;
      const { next } = this;
      this.next = "";
      if (next) this.ask(next);
    }
  }

  address(query) {
    const parameters = new URLSearchParams({ q: query, limit: "8" });
    const { suggestSystem, suggestBillable } = this.field.dataset;
    if (suggestSystem) parameters.set("system", suggestSystem);
    if (suggestBillable) parameters.set("billable", "true");
    const on = document.querySelector("[data-date-of-service]") || document.querySelector("form.date.moved #on");
    if (on && on.value) parameters.set("on", on.value);
    return `/api/v1/search?${parameters}`;
  }

  show(query, answer) {
    const { corrections, expansions } = answer.interpreted;
    const read = [...corrections, ...expansions];
    const wordings = [query, ...read.map((change) => change.to)];
    const reading = this.box.querySelector(".reading");
    reading.hidden = read.length === 0;
    reading.querySelector("b").textContent = read.map((change) => change.to).join(", ");
    this.options = answer.results.map((result) => this.option(result, wordings));
    if (this.mode === "go") {
      this.extra("suggestion-all", query, {});
      if (read.length) this.extra("suggestion-literal", query, { literal: "true" });
    }
    this.list.replaceChildren(...this.options.map((option) => option.element));
    this.shown = query;
    this.choose(-1);
    const any = this.options.length > 0;
    this.box.hidden = !any;
    this.field.setAttribute("aria-expanded", String(any));
    say(any ? answer.results.length + this.words.dataset.count : this.words.dataset.none);
  }

  option(result, wordings) {
    const element = piece("suggestion");
    element.querySelector(".code").textContent = NAMED.has(result.system) ? result.code : "";
    mark(element.querySelector(".name"), result.display, wordings);
    const { text, kind } = result.matched;
    if (!["title", "code"].includes(kind) && text.toLowerCase() !== result.display.toLowerCase()) {
      const why = element.querySelector(".why");
      why.hidden = false;
      mark(why.querySelector("q"), text, wordings);
    }
    const state = element.querySelector(".state");
    const words = this.words.dataset;
    if (result.billable) {
      state.textContent = words.billable;
      state.classList.add("ok");
    } else if (result.needs.length) {
      const asked = result.needs.map((axis) => this.axis(axis)).join(", ");
      state.textContent = words.ask + asked;
      state.classList.add("ask");
    } else {
      state.textContent = result.system === "icd10cm" ? words.header : NAMED.has(result.system) ? words.notBillable : words.drug;
      state.classList.add("group");
    }
    const folder = result.needs.length ? "walk" : "code";
    return this.ready(element, {
      go: `/${folder}/${encodeURIComponent(result.system)}/${encodeURIComponent(result.code)}`,
      fill: NAMED.has(result.system) ? result.code : this.field.dataset.suggestTitle ? result.display : `${result.system}:${result.code}`,
      parameters: {},
    });
  }

  axis(name) {
    const words = this.words.content.querySelector(`[data-axis="${CSS.escape(name)}"]`);
    return words ? words.textContent : name.replaceAll("_", " ");
  }

  extra(template, query, more) {
    const element = piece(template);
    element.querySelector("q").textContent = query;
    this.options.push(this.ready(element, { go: "/", parameters: { q: query, ...more } }));
  }

  ready(element, option) {
    element.id = `${this.list.id}-${this.options.length}-${Math.random().toString(36).slice(2, 8)}`;
    element.setAttribute("aria-selected", "false");
    const made = { element, ...option };
    element.addEventListener("click", (event) => this.take(made, event.ctrlKey || event.metaKey));
    return made;
  }

  choose(index) {
    this.active = index;
    this.options.forEach((option, place) => option.element.setAttribute("aria-selected", String(place === index)));
    if (index < 0) {
      this.field.removeAttribute("aria-activedescendant");
    } else {
      const { element } = this.options[index];
      this.field.setAttribute("aria-activedescendant", element.id);
      element.scrollIntoView({ block: "nearest" });
    }
  }

  take(option, apart) {
    if (this.mode !== "go") {
      this.field.value = option.fill;
      this.close();
      this.field.dispatchEvent(new Event("change", { bubbles: true }));
      this.field.dispatchEvent(new CustomEvent("chosen", { bubbles: true }));
      return;
    }
    const parameters = new URLSearchParams(option.parameters);
    const on = document.querySelector("form.date.moved #on");
    if (on) parameters.set("on", on.defaultValue);
    const target = parameters.size ? `${option.go}?${parameters}` : option.go;
    this.close();
    if (apart) window.open(target, "_blank", "noopener");
    else location.assign(target);
  }

  close() {
    this.box.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.choose(-1);
  }

  key(event) {
    const open = !this.box.hidden;
    const last = this.options.length - 1;
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!open) {
        if (event.key === "ArrowDown" && this.field.value.trim().length > 1) this.ask(this.field.value.trim());
        return;
      }
      const down = event.key === "ArrowDown";
      this.choose(down ? (this.active >= last ? -1 : this.active + 1) : this.active < 0 ? last : this.active - 1);
      event.preventDefault();
    } else if (event.key === "Enter" && open && this.active >= 0) {
      event.preventDefault();
      this.take(this.options[this.active], event.ctrlKey || event.metaKey);
    } else if (event.key === "Escape") {
      if (open) this.close();
      else if (this.field.id === "q" && this.field.value) this.field.value = "";
      else this.field.blur();
      this.stop();
      clearTimeout(this.timer);
      event.preventDefault();
    } else if (event.key === "Enter") {
      clearTimeout(this.timer);
      this.stop();
    }
  }
}

/* Suggestions from the names that the page carries in a datalist; nothing is asked of the server. */
class NameSuggestions extends Suggestions {
  constructor(field) {
    super(field);
    this.names = namesOf(field.getAttribute("list"));
    field.removeAttribute("list");
    this.list.classList.add("names");
    this.keepAlias = field.dataset.suggestKeep === "alias";
  }

  ask(query) {
    const wanted = query.toLowerCase();
    const found = [];
    for (const entry of this.names) {
      const match = best(entry, wanted);
      if (match) found.push({ entry, ...match });
    }
    found.sort((a, b) => a.rank - b.rank || a.entry.name.length - b.entry.name.length);
    this.options = [];
    for (const { entry, alias } of found.slice(0, 8)) {
      const element = piece("suggestion");
      mark(element.querySelector(".name"), entry.name, [query]);
      element.querySelector(".code").remove();
      element.querySelector(".state").textContent = entry.kind;
      if (alias) {
        const why = element.querySelector(".why");
        why.hidden = false;
        mark(why.querySelector("q"), alias, [query]);
      }
      this.options.push(this.ready(element, { fill: alias && this.keepAlias ? alias : entry.name, go: "", parameters: {} }));
    }
    this.list.replaceChildren(...this.options.map((option) => option.element));
    this.choose(-1);
    this.box.hidden = this.options.length === 0;
    this.field.setAttribute("aria-expanded", String(!this.box.hidden));
    say(this.options.length ? this.options.length + this.words.dataset.count : this.words.dataset.none);
  }
}

const datalists = new Map();

function namesOf(id) {
  if (!datalists.has(id)) {
    const options = [...document.getElementById(id).options];
    datalists.set(
      id,
      options.map((option) => {
        const [kind, ...aliases] = option.textContent.split(", ");
        return { name: option.value, kind, aliases };
      }),
    );
  }
  return datalists.get(id);
}

/* How well a name answers what was typed: its own beginning, a word's, an alias's. */
function best({ name, aliases }, wanted) {
  const at = (text) => {
    const lower = text.toLowerCase();
    return lower.startsWith(wanted) ? 0 : lower.split(/[\s(-]+/).some((word) => word.startsWith(wanted)) || lower.includes(` ${wanted}`) ? 1 : -1;
  };
  const own = at(name);
  if (own >= 0) return { rank: own, alias: "" };
  for (const alias of aliases) {
    const rank = at(alias);
    if (rank >= 0) return { rank: 2 + rank, alias };
  }
  return null;
}

export function suggesting(root) {
  for (const field of root.querySelectorAll("input[data-suggest]:not([role])")) {
    if (field.dataset.suggest === "names") new NameSuggestions(field);
    else new Suggestions(field);
  }
}
