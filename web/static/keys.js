/* Keys outside of fields: / to search, 1-9 to choose, single letters that elements claim. */

const typing = (element) => element.closest("input, select, textarea, [contenteditable]") !== null;

export function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target)) return;
    if (event.key === "/") {
      const field = document.getElementById("q");
      field.focus();
      field.select();
      event.preventDefault();
      return;
    }
    const wanted = CSS.escape(event.key);
    const target = document.querySelector(`[data-key="${wanted}"], [data-shortcut="${wanted}"]`);
    if (target) {
      target.click();
      event.preventDefault();
    }
  });
}
