/* The encounter form: checked as it is filled in, rows added as they are needed. */
import { say } from "./copy.js";
import { suggesting } from "./suggest.js";

const WAIT = 250; // ms without a change before checking

export function encounter() {
  const form = document.getElementById("encounter-form");
  const outcome = document.getElementById("outcome");
  let timer = 0;
  let asked = null; // the check in the air
  let last = "";

  function grow() {
    for (const list of form.querySelectorAll("[data-rows]")) {
      const name = list.dataset.rows;
      const rows = list.querySelectorAll(`[name="${name}"]`);
      if (rows.length && rows[rows.length - 1].value.trim()) {
        const row = form.querySelector(`template[data-row="${name}"]`).content.cloneNode(true);
        list.append(row);
        suggesting(list);
      }
    }
  }

  function replace(html) {
    const open = [...outcome.querySelectorAll("details[open][id]")].map((details) => details.id);
    outcome.innerHTML = html;
    for (const id of open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    const said = outcome.querySelector("[data-said]");
    if (said) say(said.dataset.said);
  }

  async function check() {
    const body = new URLSearchParams(new FormData(form));
    body.set("fragment", "1");
    const state = body.toString();
    if (state === last) return;
    last = state;
    if (asked) asked.abort();
    const own = (asked = new AbortController());
    outcome.setAttribute("aria-busy", "true");
    try {
      const response = await fetch("/encounter", { method: "POST", body, signal: own.signal, headers: { Accept: "text/html" } });
      const html = await response.text();
      if (own === asked) replace(html);
    } catch (error) {
      if (error.name !== "AbortError") {
        last = "";
        say(document.getElementById("suggest-words").dataset.late);
      }
    } finally {
      if (own === asked) {
        asked = null;
        outcome.removeAttribute("aria-busy");
      }
    }
  }

  /* Links of the page follow the date that the form holds. */
  function follow(date) {
    const today = document.body.dataset.today;
    const shown = document.querySelector("[data-shown-date]");
    shown.textContent = date;
    shown.closest(".date").classList.toggle("moved", date !== today);
    for (const link of document.querySelectorAll("a[href^='/']")) {
      const url = new URL(link.href);
      if (date && date !== today) url.searchParams.set("on", date);
      else url.searchParams.delete("on");
      link.setAttribute("href", url.pathname + url.search + url.hash);
    }
  }

  function changed(event) {
    grow();
    if (event.target.matches("[data-date-of-service]") && event.target.validity.valid) follow(event.target.value);
    clearTimeout(timer);
    timer = setTimeout(check, WAIT);
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    last = "";
    check();
  });
  outcome.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) {
      for (const details of outcome.querySelectorAll("details.finding")) details.open = !details.matches(".pass, .not_applicable");
      window.print();
    }
    const link = event.target.closest("a[href^='#f-']");
    if (!link) return;
    const target = document.getElementById(link.hash.slice(1));
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  });
  // The browser may have filled the form in again on the way back.
  addEventListener("pageshow", (event) => {
    if (event.persisted || performance.getEntriesByType("navigation")[0]?.type === "back_forward") check();
  });
  grow();
}
