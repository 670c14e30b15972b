/* Copy what a button carries, and say so. */

async function put(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  // A server that is reached over plain http from another machine has no clipboard interface.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copy");
}

export function say(text) {
  document.getElementById("said").textContent = text;
}

export function copying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const label = button.querySelector("span");
    await put(button.dataset.copy);
    say(`${button.dataset.done}: ${button.dataset.copy}`);
    if (button.classList.contains("done")) return;
    const before = label.textContent;
    button.style.minWidth = `${button.offsetWidth}px`;
    button.classList.add("done");
    label.textContent = button.dataset.done;
    setTimeout(() => {
      label.textContent = before;
      button.classList.remove("done");
    }, 1500);
  });
}
